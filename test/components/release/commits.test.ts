import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitsOf } from "../../../components/release/commits";
import { withFolder } from "../catalog/folder";
import { catalogIn, Repository, source, withRepository } from "./histories";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const family = {
  "Pulumi.yaml":
    "config:\n  strata:platforms: { type: array, default: [linux/amd64] }\n  strata:labels: { default: {} }\n",
  "Pulumi.dev.yaml": "config:\n  strata:registry: ghcr.io\n",
  "upstreams.yaml": `debian:12: ${digest("1")}\nalpine:3: ${digest("1")}\n`,
  "images/base/Dockerfile": "FROM debian:12\nCOPY etc /etc/\n",
  "images/base/etc/motd": "hello\n",
  "images/app/Dockerfile": "FROM base\nCOPY run /run\n",
  "images/app/run": "run\n",
  "images/other/Dockerfile": "FROM alpine:3\n",
};

/** By layer the subject of the commit, for short. */
async function changedIn(
  repository: Repository,
  catalog = repository.catalog,
): Promise<Record<string, string | undefined>> {
  const { changed } = await commitsOf(catalog, { ...source, folder: repository.folder, env: {} });
  const subject = (id: string | undefined) => id && repository.git("log", "-1", "--format=%s", id);
  return Object.fromEntries([...changed].sort().map(([name, id]) => [name, subject(id)]));
}

const check = (title: string, test: (repository: Repository, first: string) => Promise<void>) =>
  it(title, () => withRepository(family, test));

describe("the commit that stands for a layer", () => {
  check("is the one that made it, where no other changed it", async (repository, first) => {
    repository.commit("README.md", "words\n");
    const { changed, branch } = await commitsOf(repository.catalog, { ...source, folder: repository.folder, env: {} });
    assert.deepEqual(Object.fromEntries(changed), { base: first, app: first, other: first });
    assert.equal(branch, "main");
  });

  check("is the last one that changed what is built, and reaches what stands on it", async (repository) => {
    repository.commit("images/app/run", "walk\n", "walk");
    repository.commit("images/app/README.md", "words\n", "readme");
    repository.commit("images/app/Dockerfile", "# words\nFROM base\n\nCOPY run /run\n", "comment");
    assert.deepEqual(await changedIn(repository), { app: "walk", base: "first", other: "first" });
    repository.commit("images/base/etc/motd", "bye\n", "bye");
    assert.deepEqual(await changedIn(repository), { app: "bye", base: "bye", other: "first" });
  });

  check("may have changed a pin, or what the configuration says of all images", async (repository) => {
    repository.commit("upstreams.yaml", `debian:12: ${digest("1")}\nalpine:3: ${digest("2")}\n`, "pin");
    assert.deepEqual(await changedIn(repository), { app: "first", base: "first", other: "pin" });
    repository.commit("Pulumi.dev.yaml", "config:\n  strata:registry: quay.io\n  strata:parallel: 2\n", "registry");
    assert.deepEqual(await changedIn(repository), { app: "first", base: "first", other: "pin" });
    repository.commit("Pulumi.dev.yaml", "config:\n  strata:labels: { team: a }\n", "label");
    assert.deepEqual(await changedIn(repository), { app: "label", base: "label", other: "label" });
    repository.commit("Pulumi.yaml", family["Pulumi.yaml"].replace("amd64", "arm64"), "platform");
    repository.commit("images/other/image.yaml", "platforms: [linux/arm64]\n", "said twice");
    const catalog = catalogIn(repository.folder, "images", ["linux/arm64"]);
    assert.deepEqual(await changedIn(repository, catalog), { app: "platform", base: "platform", other: "platform" });
  });

  check("is the one that mended a configuration that nobody could read", async (repository) => {
    repository.commit("Pulumi.dev.yaml", "<<<<<<< HEAD\nconfig: {}\n=======\n", "conflict");
    repository.commit("Pulumi.dev.yaml", family["Pulumi.dev.yaml"], "mended");
    repository.commit("images/app/run", "walk\n", "walk");
    assert.deepEqual(await changedIn(repository), { app: "walk", base: "mended", other: "mended" });
  });

  check("is the one that brought back what was before", async (repository) => {
    repository.commit("images/app/run", "walk\n", "walk");
    repository.commit("images/app/run", "run\n", "run again");
    assert.deepEqual(await changedIn(repository), { app: "run again", base: "first", other: "first" });
  });

  check("is that of the branch, for what a merge took as it was", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "branch");
    repository.commit("images/app/run", "walk\n", "walk");
    repository.git("checkout", "--quiet", "main");
    repository.commit("images/other/Dockerfile", "FROM alpine:3\nUSER 1\n", "other");
    repository.git("merge", "--quiet", "--no-edit", "branch");
    assert.deepEqual(await changedIn(repository), { app: "walk", base: "first", other: "other" });
  });

  check("is the merge itself, where two branches come together in a layer", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "branch");
    repository.commit("images/app/run", "walk\n", "walk");
    repository.git("checkout", "--quiet", "main");
    repository.commit("images/base/etc/motd", "bye\n", "bye");
    repository.git("merge", "--quiet", "--message", "merge", "branch");
    assert.deepEqual(await changedIn(repository), { app: "merge", base: "bye", other: "first" });
  });

  check("does not move when a branch takes in the main one, whichever way that is merged then", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "branch");
    repository.commit("images/app/run", "walk\n", "walk");
    repository.git("checkout", "--quiet", "main");
    repository.commit("images/other/Dockerfile", "FROM alpine:3\nUSER 1\n", "other");
    repository.git("checkout", "--quiet", "branch");
    repository.git("merge", "--quiet", "--no-edit", "main");
    const expected = { app: "walk", base: "first", other: "other" };
    assert.deepEqual(await changedIn(repository), expected);
    repository.git("checkout", "--quiet", "main");
    repository.git("merge", "--quiet", "--ff-only", "branch");
    assert.deepEqual(await changedIn(repository), expected);
  });

  check("is that of main, where a branch did and undid something", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "branch");
    repository.commit("images/app/run", "walk\n", "walk");
    repository.commit("images/app/run", "run\n", "run again");
    repository.git("checkout", "--quiet", "main");
    repository.commit("images/other/Dockerfile", "FROM alpine:3\nUSER 1\n", "other");
    repository.git("merge", "--quiet", "--no-edit", "branch");
    assert.deepEqual(await changedIn(repository), { app: "first", base: "first", other: "other" });
  });

  check("is the one commit of a branch that was squashed", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "branch");
    repository.commit("images/app/run", "walk\n", "walk");
    repository.commit("images/app/run", "fly\n", "fly");
    repository.git("checkout", "--quiet", "main");
    repository.git("merge", "--quiet", "--squash", "branch");
    repository.commitAll("squashed");
    assert.deepEqual(await changedIn(repository), { app: "squashed", base: "first", other: "first" });
  });

  check("is not one that moves the family as it is", async (repository) => {
    repository.git("mv", "images", "pictures");
    repository.write("Pulumi.dev.yaml", "config:\n  strata:images: pictures\n");
    repository.commitAll("moved");
    const catalog = catalogIn(repository.folder, "pictures");
    assert.deepEqual(await changedIn(repository, catalog), { app: "first", base: "first", other: "first" });
  });

  check("may have changed a context elsewhere, or what a link leads to", async (repository) => {
    repository.write("shared/one", "1\n");
    repository.write("common/Dockerfile", "FROM alpine:3\nCOPY one /\n");
    repository.write("images/other/image.yaml", "context: shared\n");
    rmSync(join(repository.folder, "images/other/Dockerfile"));
    symlinkSync("../../common/Dockerfile", join(repository.folder, "images/other/Dockerfile"));
    repository.commitAll("elsewhere");
    repository.commit("shared/two", "2\n", "two");
    assert.equal((await changedIn(repository)).other, "elsewhere");
    repository.commit("shared/one", "one\n", "one");
    assert.equal((await changedIn(repository)).other, "one");
    repository.commit("common/Dockerfile", "FROM alpine:3\nCOPY one two /\n", "both");
    assert.equal((await changedIn(repository)).other, "both");
  });

  check("does not change where a layer takes the name of another's upstream that nobody uses", async (repository) => {
    repository.commit("images/more/Dockerfile", "FROM base\n", "more");
    assert.deepEqual(await changedIn(repository), { app: "first", base: "first", more: "more", other: "first" });
  });
});

describe("a work tree", () => {
  check("has no commit for what it changes, and for what stands on that", async (repository) => {
    repository.write("images/base/etc/motd", "bye\n");
    assert.deepEqual(await changedIn(repository), { app: undefined, base: undefined, other: "first" });
    repository.git("add", "--all");
    assert.deepEqual(await changedIn(repository), { app: undefined, base: undefined, other: "first" }, "staged");
  });

  check("has none for files that git does not have, ignored or not", async (repository) => {
    repository.commit(".gitignore", "*.log\n");
    repository.write("images/base/etc/x.log", "log\n");
    assert.deepEqual(await changedIn(repository), { app: undefined, base: undefined, other: "first" });
    rmSync(join(repository.folder, "images/base/etc/x.log"));
    repository.write("images/base/etc/new", "new\n");
    assert.deepEqual(await changedIn(repository), { app: undefined, base: undefined, other: "first" });
    repository.write("images/more/Dockerfile", "FROM alpine:3\n");
    assert.equal((await changedIn(repository)).more, undefined);
  });

  check("has none for files that git was told not to look at, where they differ", async (repository) => {
    for (const flag of ["assume-unchanged", "skip-worktree"]) {
      repository.git("update-index", `--${flag}`, "images/app/run");
      assert.deepEqual(await changedIn(repository), { app: "first", base: "first", other: "first" }, flag);
      repository.write("images/app/run", "walk\n");
      assert.deepEqual(await changedIn(repository), { app: undefined, base: "first", other: "first" }, flag);
      repository.write("images/app/run", "run\n");
      repository.git("update-index", `--no-${flag}`, "images/app/run");
    }
  });

  check("may differ in what no image is made of", async (repository) => {
    repository.write("README.md", "words\n");
    repository.write("images/app/README.md", "words\n");
    repository.write("images/app/Dockerfile", "# words\nFROM base\nCOPY run /run\n");
    repository.write("images/app/run", "run\n");
    repository.git("update-index", "--force-remove", "images/other/Dockerfile");
    assert.deepEqual(await changedIn(repository), { app: "first", base: "first", other: "first" });
  });

  check("differs by modes, links, files that are gone, pins and configuration", async (repository) => {
    chmodSync(join(repository.folder, "images/app/run"), 0o755);
    assert.equal((await changedIn(repository)).app, undefined);
    rmSync(join(repository.folder, "images/app/run"));
    assert.equal((await changedIn(repository)).app, undefined);
    repository.git("checkout", "--quiet", ".");
    mkdirSync(join(repository.folder, "images/base/etc/empty"));
    assert.equal((await changedIn(repository)).base, "first", "an empty folder within one does not count");
    symlinkSync("motd", join(repository.folder, "images/base/etc/link"));
    assert.equal((await changedIn(repository)).base, undefined);
    repository.commitAll("link");
    assert.equal((await changedIn(repository)).base, "link");
    rmSync(join(repository.folder, "images/base/etc/link"));
    symlinkSync("./motd", join(repository.folder, "images/base/etc/link"));
    assert.equal((await changedIn(repository)).base, undefined);
    repository.git("checkout", "--quiet", ".");
    repository.write("upstreams.yaml", `debian:12: ${digest("1")}\nalpine:3: ${digest("9")}\n`);
    assert.deepEqual(await changedIn(repository), { app: "link", base: "link", other: undefined });
    repository.git("checkout", "--quiet", ".");
    repository.write("Pulumi.dev.yaml", "config:\n  strata:compression: gzip\n");
    assert.deepEqual(await changedIn(repository), { app: undefined, base: undefined, other: undefined });
  });

  check(
    "whose stack has a file that git does not track has the same configuration in every commit",
    async (repository) => {
      repository.write(".gitignore", "Pulumi.local.yaml\n");
      repository.commitAll("ignored");
      repository.write("Pulumi.local.yaml", "config:\n  strata:labels: { team: a }\n");
      const local = {
        ...source,
        configFiles: ["Pulumi.local.yaml", "Pulumi.yaml"] as const,
        folder: repository.folder,
      };
      const { changed } = await commitsOf(repository.catalog, { ...local, env: {} });
      assert.deepEqual(new Set(changed.values()), new Set([repository.git("rev-parse", "HEAD~1")]));
    },
  );

  check("may have stand-ins in the place of upstreams", async (repository, first) => {
    const catalog = repository.catalog.map((layer) => ({
      ...layer,
      upstreams: layer.upstreams.map((upstream) => ({ ...upstream, digest: digest("5"), standIn: true })),
    }));
    const { changed } = await commitsOf(catalog, { ...source, folder: repository.folder, env: {} });
    assert.deepEqual(new Set(changed.values()), new Set([first]));
  });

  it("that is in no repository, or in one without commits, has no commit for any layer", () =>
    withFolder(family, async (folder) => {
      const repository = new Repository(folder);
      const ask = () => commitsOf(repository.catalog, { ...source, folder, env: {} });
      const none = { app: undefined, base: undefined, other: undefined };
      assert.deepEqual(Object.fromEntries((await ask()).changed), none);
      repository.git("init", "--quiet", "--initial-branch=main");
      const { changed, branch } = await ask();
      assert.deepEqual([Object.fromEntries(changed), branch], [none, "main"]);
      writeFileSync(join(folder, ".git/config"), "[core]\n\trepositoryformatversion = 99\n");
      await assert.rejects(ask(), { name: "InputError", message: /its git repository cannot be read: / });
    }));
});

describe("the branch", () => {
  const branchOf = async (repository: Repository, env: Record<string, string>) =>
    (await commitsOf(repository.catalog, { ...source, folder: repository.folder, env })).branch;

  check("is the one that is checked out, and else what CI says", async (repository) => {
    repository.git("checkout", "--quiet", "-b", "feature/x");
    assert.equal(await branchOf(repository, { GITHUB_REF_NAME: "other" }), "feature/x");
    repository.git("checkout", "--quiet", "--detach");
    assert.equal(await branchOf(repository, {}), undefined);
    assert.equal(await branchOf(repository, { GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" }), "main");
    assert.equal(await branchOf(repository, { GITHUB_REF_NAME: "7/merge", GITHUB_HEAD_REF: "topic" }), "topic");
    assert.equal(await branchOf(repository, { GITHUB_REF_NAME: "v1", GITHUB_REF_TYPE: "tag" }), undefined);
    assert.equal(await branchOf(repository, { CI_COMMIT_REF_NAME: "main" }), "main");
    assert.equal(await branchOf(repository, { CI_COMMIT_REF_NAME: "v1", CI_COMMIT_TAG: "v1" }), undefined);
  });
});

describe("a shallow clone", () => {
  check("tells what it can, and says which layers it cannot tell of", async (repository) => {
    for (const step of ["1", "2", "3"]) repository.commit("images/base/etc/motd", `${step}\n`, `motd ${step}`);
    repository.commit("images/other/Dockerfile", "FROM alpine:3\nUSER 1\n", "other");
    repository.commit("README.md", "words\n", "readme");
    await withFolder({}, async (parent) => {
      for (let depth = 1; depth <= 7; depth++) {
        const clone = new Repository(join(parent, `depth${depth}`));
        repository.git("clone", "--quiet", `--depth=${depth}`, `file://${repository.folder}`, clone.folder);
        const told = depth >= 4 ? { app: "motd 3", base: "motd 3", other: "other" } : undefined;
        if (told) assert.deepEqual(await changedIn(clone), told, `depth ${depth}`);
        else {
          const layers = depth < 3 ? /^base, app, other: |^app, base, other: / : /^(base, app|app, base): /;
          await assert.rejects(changedIn(clone), { name: "InputError", message: layers }, `depth ${depth}`);
          await assert.rejects(changedIn(clone), /fetch-depth: 0 .*git fetch --unshallow/);
        }
      }
      const clone = new Repository(join(parent, "dirty"));
      repository.git("clone", "--quiet", "--depth=3", `file://${repository.folder}`, clone.folder);
      clone.write("images/base/etc/motd", "mine\n");
      assert.deepEqual(await changedIn(clone), { app: undefined, base: undefined, other: "other" });
      clone.git("checkout", "--quiet", ".");
      clone.git("fetch", "--quiet", "--unshallow");
      assert.deepEqual(await changedIn(clone), { app: "motd 3", base: "motd 3", other: "other" });
    });
  });
});

describe("a submodule in a context", () => {
  check("counts by its commit, and is not touched", async (repository) => {
    await withRepository({ "a.txt": "a\n" }, async (library) => {
      repository.write("images/other/Dockerfile", "FROM alpine:3\nCOPY . /\n");
      repository.git("submodule", "--quiet", "add", library.folder, "images/other/lib");
      repository.commitAll("library");
      assert.equal((await changedIn(repository)).other, "library");
      repository.commit("README.md", "words\n", "readme");
      library.commit("a.txt", "b\n");
      repository.git("-C", "images/other/lib", "pull", "--quiet");
      assert.equal((await changedIn(repository)).other, undefined, "moved, and not committed");
      repository.commitAll("moved");
      assert.equal((await changedIn(repository)).other, "moved");
      repository.write("images/other/lib/a.txt", "mine\n");
      assert.equal((await changedIn(repository)).other, undefined, "changed within");
      repository.git("-C", "images/other/lib", "checkout", "--quiet", ".");
      await withFolder({}, async (parent) => {
        const clone = new Repository(join(parent, "clone"));
        repository.git("clone", "--quiet", repository.folder, clone.folder);
        assert.equal((await changedIn(clone)).other, undefined, "not checked out");
        assert.equal((await changedIn(clone)).base, "first");
        clone.git("submodule", "--quiet", "update", "--init");
        assert.equal((await changedIn(clone)).other, "moved");
      });
      assert.equal(repository.git("status", "--porcelain"), "");
    });
  });
});
