import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountsBeneath } from "../../../tools/services/mounts";

describe("mounts beneath a folder", () => {
  it("are listed innermost first, and those of a folder whose name only begins the same are not", () => {
    const folder = mkdtempSync(join(tmpdir(), "mounts-"));
    const file = join(folder, "mountinfo");
    const paths = ["/", "/a", "/a/b", "/a/b/c\\040d", "/ab/c"];
    writeFileSync(file, paths.map((path, id) => `${id + 20} 1 0:${id} / ${path} rw - tmpfs none rw\n`).join(""));
    assert.deepEqual(mountsBeneath("/a", file), ["/a/b/c d", "/a/b"]);
    assert.deepEqual(mountsBeneath("/a", join(folder, "none")), []);
    rmSync(folder, { recursive: true });
  });
});
