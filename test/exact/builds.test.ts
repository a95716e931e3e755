import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { buildArguments } from "../../components/catalog/build-arguments";
import { type CatalogLayer, readCatalog } from "../../components/catalog/catalog";
import { diffCatalogs } from "../../components/catalog/diff";
import { InputError } from "../../components/catalog/input-error";
import { sha256 } from "../../components/catalog/sha256";
import { stageLayer } from "../../components/catalog/stage";
import { buildkitAddress } from "../../tools/services/buildkit";
import { withFolder } from "../components/catalog/folder";
import { home, testServices } from "../integration/project";
import { contentsOf, editPlan, type LayerPlan, layerPlan, World } from "./world";

/** `npm run test:exact` takes more. */
const samples = Number(process.env.STRATA_EXACT_BUILDS ?? 15);

/** Of the steps those that need neither an image nor a command, and of the edits those that a build without Strata does not see either. */
const steps = [0, 1, 2, 3, 8, 10, 13, 15, 16];
const edits = [0, 1, 4, 5, 6, 9, 10, 11, 15];
const scratch = 3;

/** Of the patterns those that leave no folder empty, which a build without Strata would copy and Strata leaves out. */
const ignored = [0, 1, 4, 8, 10];

const onScratch = layerPlan.map(
  (plan): LayerPlan => ({
    ...plan,
    ignore: plan.ignore.map((number) => ignored[number % ignored.length] as number),
    stages: plan.stages.slice(0, 1).map(({ steps: planned }) => ({
      base: scratch,
      steps: [...planned, { kind: 0, a: 0, b: 0 }].map((step) => ({
        ...step,
        kind: steps[step.kind % steps.length] as number,
      })),
    })),
  }),
);

describe("real builds without a cache", function () {
  this.timeout(60 * 60_000);
  before(() => testServices());

  it(`have equal digests before and after edits that the plan calls no change, and of what is staged (${samples})`, async () => {
    const property = fc.asyncProperty(onScratch, editPlan, async (plan, edit) => {
      await withFolder({}, async (folder) => {
        const [world, edited] = [new World(join(folder, "a"), [plan]), new World(join(folder, "b"), [plan])];
        const what = edited.edit({ ...edit, kind: edits[edit.kind % edits.length] as number });
        const [before, after] = [layerOf(world.root), layerOf(edited.root)];
        // Some plans name what is not there, and most edits change something.
        fc.pre(before !== undefined && after !== undefined);
        fc.pre(diffCatalogs([before], [after])[0]?.action === "unchanged");
        const digest = await digestOf(...own(world), world, folder);
        assert.equal(await digestOf(...own(edited), edited, folder), digest, what);
        const staged = stageLayer(before, join(folder, "staged"));
        staged.layOut();
        const again = await digestOf(staged.context, join(staged.dockerfile, ".."), world, folder);
        assert.equal(again, digest, contentsOf(own(world)[1]));
      });
    });
    await fc.assert(property, { numRuns: samples, endOnFailure: true });
  });

  it("see in COPY . . just the files that count", async () => {
    const sees = fc.asyncProperty(layerPlan, async (plan) => {
      const everything = { ...plan, stages: [{ base: scratch, steps: [{ kind: 0, a: 13, b: 0 }] }] };
      await withFolder({}, async (folder) => {
        const world = new World(folder, [everything]);
        const layer = layerOf(folder);
        // A link to what is ignored is refused.
        fc.pre(layer !== undefined);
        assert.deepEqual(await filesOf(...own(world), folder), layer.files);
      });
    });
    await fc.assert(sees, { numRuns: Math.ceil(samples / 3), endOnFailure: true });
  });
});

function own(world: World): [context: string, dockerfile: string] {
  const [layer] = world.layers;
  return [join(world.root, layer?.context ?? ""), join(world.root, layer?.own ?? "")];
}

/** The family's only layer; undefined where it cannot be built. */
function layerOf(root: string): CatalogLayer | undefined {
  const source = { upstreams: new Map(), pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
  try {
    return readCatalog({ ...source, images: join(root, "images"), root })[0];
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

async function digestOf(context: string, dockerfile: string, world: World, folder: string): Promise<string> {
  const metadata = join(folder, "metadata.json");
  const given = { ...buildArguments, ...world.layers[0]?.arguments };
  await build(context, dockerfile, [
    ...Object.entries(given).flatMap(([name, value]) => ["--opt", `build-arg:${name}=${value}`]),
    ...["--output", `type=oci,rewrite-timestamp=true,dest=${join(folder, "image.tar")}`, "--metadata-file", metadata],
  ]);
  return JSON.parse(readFileSync(metadata, "utf8"))["containerimage.digest"];
}

/** What a build of `COPY . /0/` has in its result, as the catalog lists files. */
async function filesOf(context: string, dockerfile: string, folder: string): Promise<CatalogLayer["files"]> {
  const tar = join(folder, "files.tar");
  const out = join(folder, "out");
  mkdirSync(out);
  await build(context, dockerfile, ["--output", `type=tar,dest=${tar}`]);
  await execa("tar", ["-xf", tar, "-C", out, "--strip-components=1"], { timeout: 30_000 });
  const { stdout } = await execa("find", [out, "!", "-type", "d", "-printf", "%P\\n"], { timeout: 30_000 });
  const paths = stdout.split("\n").filter(Boolean).sort();
  return paths.map((path) => {
    const stat = lstatSync(join(out, path));
    if (stat.isSymbolicLink()) return { path, mode: "link", hash: sha256(readlinkSync(join(out, path))) };
    return { path, mode: stat.mode & 0o100 ? "755" : "644", hash: sha256(readFileSync(join(out, path))) };
  });
}

async function build(context: string, dockerfile: string, options: readonly string[]): Promise<void> {
  const local = ["--local", `context=${context}`, "--local", `dockerfile=${dockerfile}`];
  const command = ["--addr", buildkitAddress(home), "build", "--frontend", "dockerfile.v0", "--no-cache"];
  const run = () => execa("buildctl", [...command, ...local, ...options], { timeout: 60_000 });
  // On a busy machine buildctl gives up waiting for the record of a build that is done.
  await run().catch((error: { stderr?: string }) => {
    if (!error.stderr?.includes("context deadline exceeded")) throw error;
    return run();
  });
}
