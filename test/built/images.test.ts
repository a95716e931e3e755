import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { LayerOutput } from "../../components/family";
import { root } from "../../tools/home";
import { localBuilder } from "../../tools/services/buildkit";
import { emptyBuildkit } from "../../tools/services/services";
import { buildLog } from "../../tools/stack/build-logs";
import { ensureStandIns } from "../../tools/upstreams/stand-ins";
import { upWithPresentPackages } from "../integration/locks";
import { home, Project, testServices } from "../integration/project";
import { stagesThatRan } from "./steps";

/** `npm run test:images` takes all that takes long: every extension and every tool, and the whole family again from nothing. */
const all = process.env.STRATA_IMAGES_ALL !== undefined;

/** The stages that bring a tool: the layer, and the stage in its Dockerfile. */
const tools: readonly (readonly [layer: string, stage: string])[] = all
  ? [
      ["base", "yq"],
      ["tools", "mise"],
      ["tools", "claude"],
      ["tools", "sops"],
      ["tools", "age"],
    ]
  : [["tools", "mise"]];

describe("the images of this project", function () {
  // With its real contents the family is built from nothing.
  this.timeout(60 * 60_000);
  let project: Project;
  let first: Readonly<Record<string, LayerOutput>>;

  before(async () => {
    const registry = await testServices();
    await ensureStandIns(join(root, "upstreams.yaml"), registry, home, () => {});
    await emptyBuildkit(home);
    project = await withImages();
    if (!all) project.delete("images/app/tests/extensions.yaml");
    // What the archive has dropped since the locks were written is no fault of the images.
    await upWithPresentPackages(project, { continueOnError: true });
    first = await project.layers();
  });
  after(() => project?.remove());

  it("are built, keep their budgets, and pass their tests", () => {
    assert.deepEqual(Object.keys(first).sort(), ["app", "base", "tooling", "tools"]);
    for (const [name, { tests, addedBytes }] of Object.entries(first)) {
      assert.ok(tests > 0, `${name} has no tests`);
      assert.ok(addedBytes !== undefined && addedBytes > 0, `what ${name} adds is not known`);
    }
  });

  for (const [layer, stage] of tools) {
    it(`run the stage of ${stage} alone when it moves, on a machine that has nothing`, async () => {
      const dockerfile = `images/${layer}/Dockerfile`;
      const text = project.read(dockerfile);
      project.write(dockerfile, text.replace(new RegExp(`^FROM \\S+ AS ${stage}$`, "m"), "$&\nENV MOVED=1"));
      assert.notEqual(project.read(dockerfile), text);
      await emptyBuildkit(home);
      await project.up();
      const [own, ...others] = await Promise.all(
        [layer, ...Object.keys(first).filter((name) => name !== layer)].map((name) =>
          buildLog(name, localBuilder, project.env, project.folder),
        ),
      );
      assert.deepEqual(stagesThatRan(own ?? ""), [stage]);
      // What runs inside of what is beneath it, in a last stage that has no name, runs again; no other tool does.
      const named = others.flatMap((log) => stagesThatRan(log ?? "")).filter((name) => !/^stage-\d+$/.test(name));
      assert.deepEqual(named, []);
      project.write(dockerfile, text);
    });
  }

  it("have the same digests when all is built again from nothing", async function () {
    if (!all) this.skip();
    await emptyBuildkit(home);
    const again = await withImages({ tests: "none" });
    try {
      // With the locks that the first one was built with.
      cpSync(join(project.folder, "images"), join(again.folder, "images"), { recursive: true });
      await again.up();
      assert.deepEqual(await again.digests(), digestsOf(first));
    } finally {
      again.remove();
    }
  });

  /** This project's images, in repositories of their own, so that no cache of another one helps. */
  async function withImages(config: Record<string, string> = {}): Promise<Project> {
    const project = await Project.make({}, { config: { tests: "all", ...config } });
    cpSync(join(root, "upstreams.yaml"), join(project.folder, "upstreams.yaml"));
    cpSync(join(root, "images"), join(project.folder, "images"), { recursive: true });
    return project;
  }
});

function digestsOf(layers: Readonly<Record<string, LayerOutput>>): Record<string, string> {
  return Object.fromEntries(Object.entries(layers).map(([name, { digest }]) => [name, digest]));
}
