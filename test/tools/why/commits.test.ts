import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readCatalog } from "../../../components/catalog/catalog";
import { readUpstreams } from "../../../components/catalog/upstreams";
import { lastChange } from "../../../tools/why/commits";
import { withFolder } from "../../components/catalog/folder";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const source = { images: "images", pinsFile: "upstreams.yaml" };
const family = {
  "upstreams.yaml": `debian:12: ${digest("1")}\n`,
  "images/base/Dockerfile": "FROM debian:12\nCOPY etc /etc/\n",
  "images/base/etc/motd": "hello\n",
  "images/app/Dockerfile": "FROM base\nCOPY run /run\n",
  "images/app/run": "run\n",
  "images/other/Dockerfile": "FROM debian:12\n",
};

/** A project, with or without its history. */
class Repository {
  constructor(readonly folder: string) {}

  git(...args: string[]): string {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    return execFileSync("git", ["-C", this.folder, ...identity, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  commit(path: string, text: string, message: string): string {
    this.write(path, text);
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
    return this.git("rev-parse", "HEAD");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  async last(name: string) {
    const at = (path: string) => join(this.folder, path);
    const upstreams = readUpstreams(at("upstreams.yaml"));
    const where = { images: at("images"), root: this.folder, upstreams, pinsFile: "upstreams.yaml" };
    const catalog = readCatalog({ ...where, platforms: ["linux/amd64"] });
    const layer = catalog.find((entry) => entry.name === name);
    assert.ok(layer);
    return lastChange(layer, catalog, source, this.folder);
  }
}

function withRepository<T>(action: (repository: Repository, first: string) => Promise<T>): Promise<T> {
  return withFolder(family, async (folder) => {
    const repository = new Repository(folder);
    repository.git("init", "--quiet", "--initial-branch=main");
    return action(repository, repository.commit("images/app/README.md", "app\n", "first"));
  });
}

describe("the commit that last changed a layer", () => {
  it("is the one that made it, where no other did", () =>
    withRepository(async (repository, first) => {
      repository.commit("README.md", "readme\n", "second");
      const { last, uncommitted, note } = await repository.last("app");
      assert.deepEqual([last?.commit, last?.subject, last?.reasons], [first, "first", []]);
      assert.deepEqual([uncommitted, note], [[], undefined]);
    }));

  it("is not one that touches its folder and nothing that the build reads", () =>
    withRepository(async (repository) => {
      const changed = repository.commit("images/app/run", "walk\n", "walk");
      repository.commit("images/app/README.md", "more\n", "words");
      repository.commit("images/app/Dockerfile", "# words\nFROM base\nCOPY run /run\n", "comment");
      const { last } = await repository.last("app");
      assert.deepEqual([last?.commit, last?.subject, last?.reasons], [changed, "walk", ["M run"]]);
    }));

  it("may have changed a layer beneath, or a pin", () =>
    withRepository(async (repository) => {
      const beneath = repository.commit("images/base/etc/motd", "bye\n", "bye");
      const found = (await repository.last("app")).last;
      assert.deepEqual([found?.commit, found?.reasons], [beneath, ["parent base"]]);
      const pin = repository.commit("upstreams.yaml", `debian:12: ${digest("2")}\n`, "pin");
      assert.deepEqual(
        [(await repository.last("other")).last?.commit, (await repository.last("app")).last?.commit],
        [pin, pin],
      );
    }));

  it("is the merge, for what came by one", () =>
    withRepository(async (repository) => {
      repository.git("checkout", "--quiet", "-b", "branch");
      repository.commit("images/app/run", "walk\n", "walk");
      repository.git("checkout", "--quiet", "main");
      repository.commit("images/other/file", "x\n", "other");
      repository.git("merge", "--quiet", "--no-edit", "branch");
      const { last } = await repository.last("app");
      assert.deepEqual([last?.commit, last?.reasons], [repository.git("rev-parse", "HEAD"), ["M run"]]);
    }));

  it("is not all there is: the work tree may differ", () =>
    withRepository(async (repository, first) => {
      repository.write("images/base/etc/issue", "new\n");
      const { last, uncommitted } = await repository.last("app");
      assert.deepEqual([last?.commit, uncommitted], [first, ["parent base"]]);
      assert.equal(repository.git("status", "--porcelain", "--untracked-files=all"), "?? images/base/etc/issue");
    }));

  it("is not known of a clone that is shallow, which is said", () =>
    withRepository(async (repository) => {
      repository.commit("README.md", "readme\n", "second");
      await withFolder({}, async (parent) => {
        const clone = new Repository(join(parent, "clone"));
        repository.git("clone", "--quiet", "--depth=1", `file://${repository.folder}`, clone.folder);
        const { last, note } = await clone.last("app");
        assert.equal(last, undefined);
        assert.match(note ?? "", /this clone is shallow, .*git fetch --unshallow/);
        const changed = clone.commit("images/app/run", "walk\n", "walk");
        assert.equal((await clone.last("app")).last?.commit, changed);
      });
    }));

  it("is not known where there is no repository, and of a layer that no commit has", () =>
    withFolder(family, async (folder) => {
      const repository = new Repository(folder);
      assert.match((await repository.last("app")).note ?? "", /in no git repository/);
      repository.git("init", "--quiet", "--initial-branch=main");
      repository.git("commit", "--quiet", "--allow-empty", "--message", "nothing");
      assert.match((await repository.last("app")).note ?? "", /no commit has the layer yet/);
    }));
});
