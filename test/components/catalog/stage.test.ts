import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { withFolder } from "./folder";

/** Stages a layer again and again while its file changes between a few contents; prints each context that is not whole. */
const hotLoop = `
  const { readFileSync, writeFileSync, mkdirSync } = require("node:fs");
  const { readCatalog } = require("./components/catalog/catalog");
  const { stageLayer } = require("./components/catalog/stage");
  const folder = process.argv[1];
  const own = folder + "/" + process.pid;
  mkdirSync(own + "/image/d", { recursive: true });
  writeFileSync(own + "/image/Dockerfile", "FROM scratch\\nCOPY d /\\n");
  for (let round = 0; round < 60; round++) {
    for (let file = 0; file < 5; file++) writeFileSync(own + "/image/d/" + file, String((round + file) % 7));
    const [layer] = readCatalog({ images: own, root: own, upstreams: new Map(), pinsFile: "", platforms: ["linux/amd64"] });
    const { context, layOut } = stageLayer(layer, folder + "/staging");
    layOut();
    for (let file = 0; file < 5; file++) {
      const found = readFileSync(context + "/d/" + file, "utf8");
      if (found !== String((round + file) % 7)) console.log(context, file, found);
    }
  }`;

describe("staging in several processes at once", () => {
  it("gives each of them whole contexts, and leaves nothing unfinished", async function () {
    this.slow(20_000);
    await withFolder({}, async (folder) => {
      const run = () =>
        execa(process.execPath, ["-r", "ts-node/register/transpile-only", "-e", hotLoop, folder], {
          cwd: join(__dirname, "../../.."),
          timeout: 60_000,
        });
      const runs = await Promise.all([run(), run(), run(), run()]);
      for (const { stdout } of runs) assert.equal(stdout, "");
      assert.deepEqual(readdirSync(join(folder, "staging/.unfinished")), []);
      const versions = readdirSync(join(folder, "staging/image"));
      assert.equal(versions.length, 7);
      for (const version of versions) {
        assert.equal(
          readFileSync(join(folder, "staging/image", version, "Dockerfile"), "utf8"),
          "FROM scratch\nCOPY d /\n",
        );
      }
    });
  });
});
