import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unpackDebianPackage } from "../../../tools/toolchain/debian-package";
import { withFolder } from "../../components/catalog/folder";

const programs = {
  "bin/apt-get": '#!/bin/sh\nsleep 0.3 && : > "$3_1.0_amd64.deb"\n',
  "bin/dpkg-deb": '#!/bin/sh\n[ -e "$2" ] && mkdir "$3" && sleep 0.3 && : > "$3/unpacked"\n',
};

describe("a package of Debian's", () => {
  it("is unpacked where two ask for it at once, and leaves nothing else", () =>
    withFolder(programs, async (folder) => {
      for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755);
      const { PATH } = process.env;
      process.env.PATH = `${join(folder, "bin")}:${PATH}`;
      try {
        const parent = join(folder, "parent");
        const unpacked = await Promise.all([unpackDebianPackage("some", parent), unpackDebianPackage("some", parent)]);
        assert.deepEqual(unpacked, [join(parent, "some"), join(parent, "some")]);
        assert.ok(existsSync(join(parent, "some/unpacked")));
        assert.deepEqual(readdirSync(parent), ["downloads", "some"]);
        assert.deepEqual(readdirSync(join(parent, "downloads")), []);
      } finally {
        process.env.PATH = PATH;
      }
    }));
});
