import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ownFolder } from "../../tools/own-folder";
import { withFolder } from "../components/catalog/folder";

describe("a folder of a process's own", () => {
  it("is a new one every time, and takes away what was left by processes that are gone", () =>
    withFolder({ "parent/4194305-left/file": "" }, (folder) => {
      const parent = join(folder, "parent");
      mkdirSync(join(parent, `${process.ppid}-other`));
      const made = [ownFolder(parent), ownFolder(parent)].map((path) => basename(path));
      assert.deepEqual(readdirSync(parent).sort(), [...made, `${process.ppid}-other`].sort());
      assert.notEqual(made[0], made[1]);
    }));
});
