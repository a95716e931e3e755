import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkedOutCommit } from "../../components/commit";
import { withFolder } from "./catalog/folder";
import { withRepository } from "./release/histories";

describe("the commit that is checked out", () => {
  it("is told in full, and whether files that count differ from it", () =>
    withFolder({ "images/a": "1", "notes.md": "1" }, async (folder) => {
      const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" }).trim();
      assert.equal(await checkedOutCommit(["images"], folder), undefined, "no repository");
      git("init", "-q");
      assert.equal(await checkedOutCommit(["images"], folder), undefined, "no commit");
      git("add", ".");
      git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "first");
      const head = git("rev-parse", "HEAD");
      writeFileSync(join(folder, "notes.md"), "2");
      assert.equal(await checkedOutCommit(["images"], folder), head);
      writeFileSync(join(folder, "images/a"), "2");
      assert.equal(await checkedOutCommit(["images"], folder), `${head}-dirty`);
      git("checkout", "-q", "images");
      writeFileSync(join(folder, "images/new"), "");
      assert.equal(await checkedOutCommit(["images"], folder), `${head}-dirty`);
    }));

  it("is not all that images come from where they read files that git ignores, or was told not to look at", () =>
    withRepository({ ".gitignore": "dist\n", "images/a": "1", "images/ü b": "1" }, async (repository, head) => {
      const commit = (...read: string[]) => checkedOutCommit(["images"], repository.folder, read);
      repository.write("images/dist/app", "built\n");
      assert.equal(await commit("images/a"), head, "nobody reads it");
      assert.equal(await commit("images/a", "images/dist/app"), `${head}-dirty`);

      for (const flag of ["assume-unchanged", "skip-worktree"]) {
        for (const path of ["images/a", "images/ü b"]) {
          repository.git("update-index", `--${flag}`, path);
          assert.equal(await commit(path), head, `${flag} ${path} and nothing else`);
          repository.write(path, "2");
          assert.equal(await commit(path), `${head}-dirty`, `${flag} ${path}`);
          repository.write(path, "1");
          repository.git("update-index", `--no-${flag}`, path);
        }
      }
    }));

  it("may be checked out in part", () =>
    withRepository({ "images/a/file": "1", "images/b/file": "1" }, async (repository, head) => {
      repository.git("sparse-checkout", "set", "images/a");
      assert.ok(!existsSync(join(repository.folder, "images/b")));
      assert.equal(await checkedOutCommit(["images"], repository.folder, ["images/a/file"]), head);
    }));
});
