import assert from "node:assert/strict";
import { join } from "node:path";
import { lastChange } from "../../../tools/why/commits";
import { withFolder } from "../../components/catalog/folder";
import { Repository, source, withRepository } from "../../components/release/histories";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const family = {
  "upstreams.yaml": `debian:12: ${digest("1")}\n`,
  "images/base/Dockerfile": "FROM debian:12\nCOPY etc /etc/\n",
  "images/base/etc/motd": "hello\n",
  "images/app/Dockerfile": "FROM base\nCOPY run /run\n",
  "images/app/run": "run\n",
  "images/other/Dockerfile": "FROM debian:12\n",
};

const last = (repository: Repository, name: string) =>
  lastChange(name, repository.catalog, { ...source, folder: repository.folder });

describe("the commit that last changed a layer", () => {
  it("is the one that made it, where no other did", () =>
    withRepository(family, async (repository, first) => {
      repository.commit("README.md", "readme\n", "second");
      const { last: found, uncommitted, note } = await last(repository, "app");
      assert.deepEqual([found?.commit, found?.subject, found?.reasons], [first, "first", []]);
      assert.deepEqual([uncommitted, note], [[], undefined]);
    }));

  it("is not one that touches its folder and nothing that the build reads", () =>
    withRepository(family, async (repository) => {
      const changed = repository.commit("images/app/run", "walk\n", "walk");
      repository.commit("images/app/README.md", "more\n", "words");
      repository.commit("images/app/Dockerfile", "# words\nFROM base\nCOPY run /run\n", "comment");
      const { last: found } = await last(repository, "app");
      assert.deepEqual([found?.commit, found?.subject, found?.reasons], [changed, "walk", ["M run"]]);
    }));

  it("may have changed a layer beneath, or a pin", () =>
    withRepository(family, async (repository) => {
      const beneath = repository.commit("images/base/etc/motd", "bye\n", "bye");
      const found = (await last(repository, "app")).last;
      assert.deepEqual([found?.commit, found?.reasons], [beneath, ["parent base"]]);
      const pin = repository.commit("upstreams.yaml", `debian:12: ${digest("2")}\n`, "pin");
      assert.deepEqual(
        [(await last(repository, "other")).last?.commit, (await last(repository, "app")).last?.commit],
        [pin, pin],
      );
    }));

  it("is that of the branch, for what came by a merge", () =>
    withRepository(family, async (repository) => {
      repository.git("checkout", "--quiet", "-b", "branch");
      const changed = repository.commit("images/app/run", "walk\n", "walk");
      repository.git("checkout", "--quiet", "main");
      repository.commit("images/other/file", "x\n", "other");
      repository.git("merge", "--quiet", "--no-edit", "branch");
      const { last: found } = await last(repository, "app");
      assert.deepEqual([found?.commit, found?.reasons], [changed, ["M run"]]);
    }));

  it("is not all there is: the work tree may differ", () =>
    withRepository(family, async (repository, first) => {
      repository.write("images/base/etc/issue", "new\n");
      const { last: found, uncommitted } = await last(repository, "app");
      assert.deepEqual([found?.commit, uncommitted], [first, ["parent base"]]);
      assert.equal(repository.git("status", "--porcelain", "--untracked-files=all"), "?? images/base/etc/issue");
    }));

  it("is not known of a clone that is shallow, which is said", () =>
    withRepository(family, async (repository) => {
      repository.commit("README.md", "readme\n", "second");
      await withFolder({}, async (parent) => {
        const clone = new Repository(join(parent, "clone"));
        repository.git("clone", "--quiet", "--depth=1", `file://${repository.folder}`, clone.folder);
        const { last: found, note } = await last(clone, "app");
        assert.equal(found, undefined);
        assert.match(note ?? "", /this clone is shallow, .*git fetch --unshallow/);
        const changed = clone.commit("images/app/run", "walk\n", "walk");
        assert.equal((await last(clone, "app")).last?.commit, changed);
      });
    }));

  it("is not known where there is no repository, and of a layer that no commit has", () =>
    withFolder(family, async (folder) => {
      const repository = new Repository(folder);
      assert.match((await last(repository, "app")).note ?? "", /in no git repository/);
      repository.git("init", "--quiet", "--initial-branch=main");
      repository.git("commit", "--quiet", "--allow-empty", "--message", "nothing");
      assert.match((await last(repository, "app")).note ?? "", /no commit has the layer yet/);
    }));
});
