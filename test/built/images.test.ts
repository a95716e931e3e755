import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/home";
import { ensureStandIns } from "../../tools/upstreams/stand-ins";
import { home, Project, testServices } from "../integration/project";

/** In milliseconds: with its real contents the family is built from nothing. */
const limit = 60 * 60_000;

describe("the images of this project", () => {
  it("are built, keep their budgets and pass all their tests, those that are slow among them", async function () {
    this.timeout(limit);
    const registry = await testServices();
    const pins = join(root, "upstreams.yaml");
    await ensureStandIns(pins, registry, home, () => {});
    const project = await Project.make({}, { config: { tests: "all" } });
    try {
      cpSync(pins, join(project.folder, "upstreams.yaml"));
      cpSync(join(root, "images"), join(project.folder, "images"), { recursive: true });
      await project.up({ continueOnError: true });
      const layers = Object.entries(await project.layers());
      assert.ok(layers.length > 0);
      for (const [name, { tests }] of layers) process.stdout.write(`      ${name}: ${tests} tests passed\n`);
    } finally {
      project.remove();
    }
  });
});
