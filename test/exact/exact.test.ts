import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { buildArguments } from "../../components/catalog/build-arguments";
import { type Catalog, type CatalogLayer, surveyCatalog } from "../../components/catalog/catalog";
import { diffCatalogs } from "../../components/catalog/diff";
import { FileHashes } from "../../components/catalog/file-hashes";
import { readImageName } from "../../components/catalog/image-name";
import { sha256 } from "../../components/catalog/sha256";
import type { Upstream } from "../../components/catalog/upstreams";
import { withFolder } from "../components/catalog/folder";
import { Oracle, type OracleAnswer } from "../integration/oracle";
import {
  contentsOf,
  type EditPlan,
  editPlan,
  type LayerPlan,
  layerPlan,
  upstreams,
  World,
  type WorldLayer,
} from "./world";

/** `npm run test:exact` plays more. */
const edits = Number(process.env.STRATA_EXACT_EDITS ?? 300);
const editsOfOneFamily = 20;
const mostLayers = edits > 1000 ? 40 : 10;

interface State {
  readonly catalog: Catalog;
  readonly answers: ReadonlyMap<string, OracleAnswer>;
  /** For each layer what BuildKit would make its image of, its parents' images left out. */
  readonly identities: ReadonlyMap<string, string>;
}

describe("the plan of random families", function () {
  this.timeout(60 * 60_000);
  let oracle: Oracle;
  before(async () => {
    oracle = await Oracle.start();
  });
  after(() => oracle?.stop());

  it(`is what BuildKit would build, for ${edits} random edits`, async () => {
    const family = fc.array(layerPlan, { minLength: 2, maxLength: mostLayers });
    const plan = fc.array(editPlan, { minLength: editsOfOneFamily, maxLength: editsOfOneFamily });
    let played = 0;
    const property = fc.asyncProperty(family, plan, async (layers, changes) => {
      await withFolder({}, (folder) => play(folder, layers, changes));
      played += changes.length;
    });
    await fc.assert(property, { numRuns: Math.ceil(edits / editsOfOneFamily), endOnFailure: true });
    assert.ok(played >= edits, `${played}`);
  });

  async function play(folder: string, layers: readonly LayerPlan[], changes: readonly EditPlan[]): Promise<void> {
    const world = new World(folder, layers);
    let before = await stateOf(world);
    for (const change of changes) {
      const what = world.edit(change);
      const after = await stateOf(world);
      compare(world, before, after, what);
      before = after;
    }
  }

  async function stateOf(world: World): Promise<State> {
    const { layers: catalog } = surveyCatalog({
      images: join(world.root, "images"),
      root: world.root,
      upstreams: new Map(upstreams.map((name) => [name, upstreamOf(name, world)])),
      pinsFile: "upstreams.yaml",
      platforms: ["linux/amd64"],
      hashes: new FileHashes(join(world.root, "hashes.json")),
    });
    const answers = new Map<string, OracleAnswer>();
    const identities = new Map<string, string>();
    for (const layer of world.layers) {
      const answer = await oracle.ask({
        dockerfile: join(world.root, layer.own, "Dockerfile"),
        context: join(world.root, layer.context),
        arguments: { ...buildArguments, ...layer.arguments },
        onbuild: Object.fromEntries(
          world.layers.map(({ name, triggers }) => [`docker.io/library/${name}:latest`, triggers]),
        ),
      });
      answers.set(layer.name, answer);
      identities.set(layer.name, identityOf(answer, world));
      const read = catalog.find(({ name }) => name === layer.name) as CatalogLayer;
      agree(world, layer, read, answer);
    }
    return { catalog, answers, identities };
  }
});

function upstreamOf(name: string, world: World): Upstream {
  return { name, ref: name, digest: `sha256:${sha256(`${name} ${world.pins.get(name)}`)}`, standIn: false };
}

/** The catalog reads the parents and files that BuildKit reads. */
function agree(world: World, { name, own, mayTakeMore }: WorldLayer, layer: CatalogLayer, answer: OracleAnswer): void {
  const context = `${name}\n${contentsOf(join(world.root, own))}`;
  assert.equal(answer.error, undefined, context);
  const parents = [...layer.layers, ...layer.upstreams.map((upstream) => upstream.name)].map(fullName).sort();
  assert.deepEqual(parents, answer.parents, context);
  // Folders that are empty count where a step names them; the oracle lists files alone.
  const read = layer.files.filter(({ mode }) => mode !== "dir").map(({ path, mode, hash }) => ({ path, mode, hash }));
  if (!mayTakeMore) assert.deepEqual(read.sort(byPath), [...answer.files].sort(byPath), context);
  const missed = answer.files.filter(({ path }) => !layer.files.some((file) => file.path === path));
  assert.deepEqual(missed, [], context);
}

/** A layer changes just where what BuildKit makes of it does, or where what is beneath changes. */
function compare(world: World, before: State, after: State, what: string): void {
  const expected = new Set<string>();
  for (const { name, layers } of after.catalog) {
    const own = before.identities.get(name) !== after.identities.get(name);
    if (own || layers.some((parent) => expected.has(parent))) expected.add(name);
  }
  const changes = diffCatalogs(before.catalog, after.catalog).filter(({ action }) => action !== "unchanged");
  const told = changes.map(({ name, action, reasons }) => `${name} ${action} ${reasons.join(", ")}`).join("\n");
  const missed = [...expected].filter((name) => !changes.some((change) => change.name === name));
  assert.deepEqual(missed, [], `missed after: ${what}\n${told}`);
  // Another text of a stage that is not reached counts too.
  const excused = new Set(world.layers.filter(({ mayTakeMore }) => mayTakeMore).map(({ name }) => name));
  if (what.startsWith("argument")) return;
  // The oracle does not list the folders that a step names and that are empty.
  for (const name of world.layers.map((layer) => layer.name)) {
    if (foldersOf(before, name) !== foldersOf(after, name)) excused.add(name);
  }
  for (const { name, reasons } of changes) {
    if (expected.has(name) || excused.has(name)) continue;
    if (reasons.every((reason) => excused.has(reason.replace(/^parent /, "")))) {
      excused.add(name);
      continue;
    }
    assert.fail(`false change of ${name} after: ${what}\n${told}`);
  }
}

function foldersOf({ catalog }: State, name: string): string {
  const files = catalog.find((layer) => layer.name === name)?.files ?? [];
  return files
    .filter(({ mode }) => mode === "dir")
    .map(({ path }) => path)
    .join("\n");
}

function identityOf({ parents, files, identity }: OracleAnswer, world: World): string {
  const pins = upstreams
    .filter((name) => parents.includes(fullName(name)))
    .map((name) => `${name} ${world.pins.get(name)}`);
  return JSON.stringify([parents, files, identity, pins]);
}

function fullName(name: string): string {
  const read = readImageName(name);
  return `${read?.repository}:${read?.tag ?? "latest"}`;
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1;
}
