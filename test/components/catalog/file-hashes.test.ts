import assert from "node:assert/strict";
import { lstatSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FileHashes } from "../../../components/catalog/file-hashes";
import { sha256 } from "../../../components/catalog/sha256";
import { withFolder } from "./folder";

const hashOf = (hashes: FileHashes, path: string) => hashes.of(path, lstatSync(path));

describe("the hashes of files", () => {
  it("are kept, so that an unchanged file is read once", async function () {
    this.slow(10_000);
    await withFolder({ a: "one" }, async (folder) => {
      const [file, kept] = [join(folder, "a"), join(folder, "kept/hashes.json")];
      // Not long enough ago, it could change again within the same tick of the clock.
      await sleep(2100);
      const first = new FileHashes(kept);
      assert.equal(hashOf(first, file), sha256("one"));
      first.save();
      writeFileSync(kept, readFileSync(kept, "utf8").replace(sha256("one"), "kept"));
      assert.equal(hashOf(new FileHashes(kept), file), "kept");
      writeFileSync(file, "two");
      assert.equal(hashOf(new FileHashes(kept), file), sha256("two"));
    });
  });

  it("are not kept of a file that changed just now", () => {
    withFolder({ a: "one" }, (folder) => {
      const [file, kept] = [join(folder, "a"), join(folder, "hashes.json")];
      const hashes = new FileHashes(kept);
      hashOf(hashes, file);
      hashes.save();
      assert.equal(readFileSync(kept, "utf8"), "[]");
    });
  });

  it("notice another file of the same size and time in its place", () => {
    withFolder({ a: "one", b: "two" }, (folder) => {
      const [a, b] = [join(folder, "a"), join(folder, "b")];
      utimesSync(a, 1, 1);
      utimesSync(b, 1, 1);
      const hashes = new FileHashes();
      hashOf(hashes, a);
      renameSync(b, a);
      assert.equal(hashOf(hashes, a), sha256("two"));
    });
  });

  it("start anew where what was kept cannot be read, and do without where it cannot be written", () => {
    withFolder({ a: "one", kept: "{" }, (folder) => {
      assert.equal(hashOf(new FileHashes(join(folder, "kept")), join(folder, "a")), sha256("one"));
      const hashes = new FileHashes(join(folder, "a/hashes.json"));
      assert.equal(hashOf(hashes, join(folder, "a")), sha256("one"));
      hashes.save();
    });
  });
});
