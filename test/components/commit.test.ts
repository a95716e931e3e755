import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkedOutCommit } from "../../components/commit";
import { withFolder } from "./catalog/folder";

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
});
