import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { planSince } from "../../../tools/plan/since";
import { withFolder } from "../../components/catalog/folder";

const family = {
  "docker images/base/Dockerfile": "FROM debian:12\nRUN true\n",
  "docker images/tool/Dockerfile": "FROM ghcr.io/acme/base:latest\nCOPY --link run /run\n",
  "docker images/tool/run": "run",
  "docker images/other/Dockerfile": "FROM debian:12\nCOPY . /\n",
};

/** A repository of somebody who has never heard of Strata. */
function withRepository<T>(action: (repository: Repository) => Promise<T>): Promise<T> {
  return withFolder(family, async (folder) => {
    const repository = new Repository(folder);
    repository.git("init", "--quiet", "--initial-branch=main");
    repository.commit("first");
    return action(repository);
  });
}

class Repository {
  constructor(readonly folder: string) {}

  get images(): string {
    return join(this.folder, "docker images");
  }

  git(...args: string[]): string {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    return execFileSync("git", ["-C", this.folder, ...identity, ...args], { encoding: "utf8" }).trim();
  }

  commit(message: string): void {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  async changes(since = "HEAD", prefix?: string): Promise<string[]> {
    const { layers } = await planSince(this.images, since, prefix === undefined ? {} : { prefix });
    return layers
      .filter(({ action }) => action !== "unchanged")
      .map(({ name, action, reasons }) => `${name} ${action}: ${reasons.join(", ")}`);
  }
}

describe("a plan since a commit", () => {
  it("is empty where nothing changed, and says what Strata would refuse", () =>
    withRepository(async (repository) => {
      const plan = await planSince(repository.images, "HEAD");
      assert.equal(plan.since, repository.git("rev-parse", "HEAD"));
      assert.deepEqual(
        plan.layers.map(({ action }) => action),
        ["unchanged", "unchanged", "unchanged"],
      );
      assert.deepEqual(plan.warnings, [
        "3 images stand on upstreams that are not pinned: when these move, no plan says so",
        "no image stands on another one of the folder; where they name each other by a registry, give it: --prefix ghcr.io/acme",
      ]);
      const { warnings } = await planSince(repository.images, "HEAD", { prefix: "ghcr.io/other" });
      assert.match(warnings[1] as string, /no image names another one of the folder under ghcr\.io\/other/);
    }));

  it("has what changed in the work tree, committed or not, but not what git ignores", () =>
    withRepository(async (repository) => {
      repository.write("docker images/tool/run", "walk");
      repository.write("docker images/other/new", "new");
      repository.write(".gitignore", "*.log\n");
      repository.write("docker images/other/x.log", "log");
      assert.deepEqual(await repository.changes(), ["other build: A new", "tool build: M run"]);
      repository.commit("second");
      assert.deepEqual(await repository.changes(), []);
      assert.deepEqual(await repository.changes("HEAD~1"), ["other build: A new", "tool build: M run"]);
    }));

  it("knows the folder's own images by their registry's name where a prefix is given", () =>
    withRepository(async (repository) => {
      repository.write("docker images/base/Dockerfile", "FROM debian:12\nRUN false\n");
      assert.deepEqual(await repository.changes(), ["base build: M Dockerfile"]);
      const both = ["base build: M Dockerfile", "tool rebase: parent base"];
      assert.deepEqual(await repository.changes("HEAD", "ghcr.io/acme"), both);
    }));

  it("has layers that came and went, and a folder that was not there", () =>
    withRepository(async (repository) => {
      renameSync(join(repository.images, "other"), join(repository.images, "another"));
      assert.deepEqual(await repository.changes(), ["another new: ", "other removed: "]);
      repository.write("elsewhere/a/Dockerfile", "FROM scratch\n");
      const { layers } = await planSince(join(repository.folder, "elsewhere"), "HEAD");
      assert.deepEqual(layers, [{ name: "a", action: "new", reasons: [], needs: [], upstreams: [] }]);
    }));

  it("reads a folder through a link, and one whose Dockerfiles are broken", () =>
    withRepository(async (repository) => {
      symlinkSync(repository.images, join(repository.folder, "link"));
      repository.write("docker images/base/Dockerfile", "FROM debian:12\nRUN <<EOF\n");
      const plan = await planSince(join(repository.folder, "link"), "HEAD");
      assert.ok(plan.warnings.some((warning) => /link\/base\/Dockerfile:2: the here-document/.test(warning)));
      assert.equal(plan.layers.find(({ name }) => name === "base")?.action, "build");
    }));

  it("does not mind images that could not be read then, and warns of it", () =>
    withRepository(async (repository) => {
      repository.write("new/.gitkeep", "");
      repository.commit("an empty folder");
      repository.write("new/a/Dockerfile", "FROM scratch\n");
      const plan = await planSince(join(repository.folder, "new"), "HEAD");
      assert.deepEqual(plan.layers, [{ name: "a", action: "new", reasons: [], needs: [], upstreams: [] }]);
      assert.match(
        plan.warnings[0] as string,
        /^the images cannot be read as of HEAD, so that all are new: new: has no folder/,
      );
    }));

  it("finds parents in spite of what Strata would refuse, and of what cannot be read", () =>
    withRepository(async (repository) => {
      const dockerfiles = {
        syntax: "# syntax=docker/dockerfile:1\nFROM ghcr.io/acme/base:1\n",
        add: "FROM ghcr.io/acme/base:1\nADD https://x.example/y /\n",
        unset: "ARG T\nFROM ghcr.io/acme/base:$T\nFROM ghcr.io/acme/base:1 AS x\nENV A\n",
        mirror: "FROM ghcr.io/acme/mirror:1\n",
        bare: "FROM base:1\n",
        one: "FROM ghcr.io/acme/two:1\n",
        two: "FROM ghcr.io/acme/one:1\n",
      };
      for (const [name, text] of Object.entries(dockerfiles))
        repository.write(`docker images/${name}/Dockerfile`, text);
      repository.commit("more");
      repository.write("docker images/base/Dockerfile", "FROM debian:12\nRUN false\n");
      assert.deepEqual(await repository.changes("HEAD", "ghcr.io/acme"), [
        "base build: M Dockerfile",
        "add build: parent base",
        "syntax rebase: parent base",
        "tool rebase: parent base",
        "unset build: parent base",
      ]);
      const { warnings } = await planSince(repository.images, "HEAD", { prefix: "ghcr.io/acme" });
      assert.ok(
        warnings.some((warning) => /circle: (one → two → one|two → one → two)/.test(warning)),
        warnings.join("\n"),
      );
    }));

  it("takes the whole context where a frontend of somebody else's reads the Dockerfile", () =>
    withRepository(async (repository) => {
      for (const frontend of ["docker/dockerfile:1", "example.org/other"]) {
        const name = frontend.replaceAll(/[/:.]/g, "-");
        repository.write(`docker images/${name}/Dockerfile`, `# syntax=${frontend}\nFROM scratch\nCOPY a /\n`);
        repository.write(`docker images/${name}/a`, "a");
      }
      repository.commit("frontends");
      for (const name of ["docker-dockerfile-1", "example-org-other"]) repository.write(`docker images/${name}/b`, "b");
      assert.deepEqual(await repository.changes(), ["example-org-other build: A b"]);
    }));

  it("may be since a branch went apart", () =>
    withRepository(async (repository) => {
      repository.git("checkout", "--quiet", "-b", "feature");
      repository.write("docker images/tool/run", "walk");
      repository.commit("feature");
      repository.git("checkout", "--quiet", "main");
      repository.write("docker images/other/new", "new");
      repository.commit("main goes on");
      repository.git("checkout", "--quiet", "feature");
      assert.deepEqual(await repository.changes("main"), ["other build: D new", "tool build: M run"]);
      assert.deepEqual(await repository.changes("main..."), ["tool build: M run"]);
    }));

  it("warns of a submodule in a context, and leaves out a Dockerfile that git ignores", () =>
    withRepository(async (repository) => {
      repository.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},docker images/other/sub`);
      repository.write(".gitignore", "docker images/local\n");
      repository.write("docker images/local/Dockerfile", "FROM scratch\n");
      const plan = await planSince(repository.images, "HEAD");
      assert.ok(
        plan.warnings.some((warning) => /submodule docker images\/other\/sub is not looked into/.test(warning)),
      );
      assert.ok(!plan.layers.some(({ name }) => name === "local"));
    }));

  it("is of the folder's repository, whatever a hook has set", () =>
    withRepository(async (repository) => {
      process.env.GIT_DIR = "/no/such";
      try {
        assert.deepEqual(await repository.changes(), []);
      } finally {
        delete process.env.GIT_DIR;
      }
    }));

  it("leaves the repository and the machine as they are", () =>
    withRepository(async (repository) => {
      repository.write("docker images/tool/run", "walk");
      const before = repository.git("status", "--porcelain");
      const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith("strata-since-"));
      const there = temporary();
      await repository.changes();
      assert.equal(repository.git("status", "--porcelain"), before);
      assert.deepEqual(temporary(), there);
    }));

  it("says which commit or folder there is not", () =>
    withRepository(async (repository) => {
      await assert.rejects(planSince(repository.images, "nope"), /--since: there is no commit "nope"/);
      await assert.rejects(planSince(repository.images, "--help"), /--since: there is no commit "--help"/);
      await assert.rejects(planSince(repository.images, "^HEAD"), /--since: there is no commit "\^HEAD"/);
      await assert.rejects(planSince("/no/such", "HEAD"), /\/no\/such: no such folder/);
      rmSync(join(repository.folder, ".git"), { recursive: true });
      await assert.rejects(planSince(repository.images, "HEAD"), /is in no git repository/);
    }));
});
