import assert from "node:assert/strict";
import { join } from "node:path";
import type { StepEventMetadata } from "@pulumi/pulumi/automation";
import fc from "fast-check";
import { type Catalog, readCatalog } from "../../components/catalog/catalog";
import { diffCatalogs, type LayerChange } from "../../components/catalog/diff";
import { readUpstreams } from "../../components/catalog/upstreams";
import type { LastUpdate } from "../../components/update";
import { nameIn } from "../../components/urn";
import { plannedLayers } from "../../tools/plan/stack";
import { emptyBuildkit } from "../../tools/services/services";
import { unknown } from "../../tools/stack/layer-reasons";
import { EditedFamily, edits } from "./edited-family";
import { home, type Operation, Project, stepsOf } from "./project";

/** `npm run test:exact` plays more. */
const rounds = Number(process.env.STRATA_REAL_EDITS ?? 8);
const seed = Number(process.env.STRATA_SEED ?? Date.now() % 2 ** 31);

const layerType = "strata:image:Layer";
const imageType = "docker-build:index:Image";

describe(`random edits of fourteen layers on the real engine (${rounds} rounds, STRATA_SEED=${seed})`, function () {
  this.timeout(60 * 60_000);
  let project: Project;
  let family: EditedFamily;
  let pins: string[];
  const done: string[] = [];
  const upstream = () => `${project.registry}/${pinned.organisation}/pinned:1`;
  let pinned: Project;
  before(async () => {
    pinned = await Project.make({ "images/pinned/Dockerfile": "FROM scratch\nCOPY file /\n" });
    pins = [];
    for (const contents of ["one\n", "two\n", "three\n"]) {
      pinned.write("images/pinned/file", contents);
      await pinned.up();
      pins.push((await pinned.digests()).pinned as string);
    }
    project = await Project.make({});
    const others = project.read("upstreams.yaml");
    let moves = 0;
    const move = () => project.write("upstreams.yaml", `${others}"${upstream()}": ${pins[moves++ % pins.length]}\n`);
    move();
    family = new EditedFamily(project, upstream(), move);
    await project.up();
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stdout.write(`edits:\n${done.join("\n")}\n`);
  });
  after(() => {
    project?.remove();
    pinned?.remove();
  });

  it("are planned as the catalogs say, and build what was planned but for what came out the same", async () => {
    let spared = 0;
    for (const round of fc.sample(edits, { seed, numRuns: rounds })) {
      const before = { catalog: catalogOf(project), digests: await project.digests() };
      done.push(round.map((edit) => family.edit(edit)).join(", "));
      spared += await compare(before.catalog, before.digests);
    }
    process.stdout.write(`      ${spared} builds were spared because what is beneath came out the same\n`);
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
  });

  it("leave the images that the family would have had from the start", async () => {
    await emptyBuildkit(home);
    const fresh = await Project.make({});
    try {
      for (const path of ["images", "shared", "upstreams.yaml"]) {
        await project.run("cp", "-r", "--no-target-directory", path, join(fresh.folder, path));
      }
      await fresh.up();
      assert.deepEqual(await fresh.digests(), await project.digests());
    } finally {
      fresh.remove();
    }
  });

  async function compare(catalog: Catalog, digests: Readonly<Record<string, string>>): Promise<number> {
    const after = catalogOf(project);
    const planned = diffCatalogs(catalog, after).filter(({ action }) => action !== "unchanged");
    const preview = await project.preview();
    assert.deepEqual(changesIn(preview), reasonsOf(planned), "the preview says what the catalogs say");
    const moved = upstreamsOf(after).filter((line) => !upstreamsOf(catalog).includes(line));
    checkSteps(stepsOf(preview), planned, moved.length, digests);
    const actions = plannedLayers(after, Object.values(preview.layers), new Map());
    assert.deepEqual(actionsIn(actions), actionsIn(planned), "strata plan says what the catalogs say");

    const up = await project.up({}, {}, Object.values(preview.layers));
    const now = await project.digests();
    const same = (name: string) => name in now && now[name] === digests[name];
    const built = changesIn(up);
    const unplanned = Object.keys(now).filter((name) => !same(name) && !(name in built));
    assert.deepEqual(unplanned, [], "no digest changes without a build");
    const images = stepsOf(up)
      .filter(({ type, op }) => type === imageType && op !== "same")
      .map(({ urn }) => nameIn(urn));
    assert.deepEqual(images.sort(), Object.keys(built).sort());
    // What was planned for parents alone that came out the same, and for nothing else, is not built.
    const expected = planned
      .map(({ name, reasons }) => ({
        name,
        reasons: reasons.filter((reason) => !same(reason.replace(/^parent /, ""))),
      }))
      .filter(({ reasons }) => reasons.length > 0);
    assert.deepEqual(built, reasonsOf(expected));
    const spared = planned.filter(({ name }) => !(name in built));
    for (const { name, reasons } of spared) {
      const parents = reasons.map((reason) => reason.replace(/^parent /, ""));
      assert.deepEqual([...(up.layers[name]?.cutOff ?? [])].sort(), parents, `${name} says why it is untouched`);
    }
    if (images.length > 0) checkUpdate(await project.lastUpdate(), planned, images);
    return spared.length;
  }
});

/** The program itself has predicted what the catalogs say, and tells what was built of it. */
function checkUpdate(told: LastUpdate | null, planned: readonly LayerChange[], built: readonly string[]): void {
  assert.ok(told);
  const { predicted, actual } = told;
  const names = (...actions: readonly string[]) =>
    planned.filter(({ action }) => actions.includes(action)).map(({ name }) => name);
  assert.deepEqual(
    [predicted.built, predicted.rebased].map(sorted),
    [names("new", "build"), names("rebase")].map(sorted),
  );
  assert.deepEqual(sorted([...actual.built, ...actual.rebased]), sorted(built));
  assert.deepEqual(
    sorted(actual.cutOff),
    sorted(planned.map(({ name }) => name).filter((name) => !built.includes(name))),
  );
  for (const name of actual.rebased) assert.ok(predicted.rebased.includes(name) || predicted.built.includes(name));
}

function actionsIn(layers: readonly Pick<LayerChange, "name" | "action">[]): string[] {
  return layers
    .filter(({ action }) => action !== "unchanged")
    .map(({ name, action }) => `${name} ${action}`)
    .sort();
}

function sorted(names: readonly string[]): string[] {
  return [...names].sort();
}

/** Nothing but what was planned appears as anything but same, and no digest of what is to be built is made up. */
function checkSteps(
  steps: readonly StepEventMetadata[],
  planned: readonly LayerChange[],
  upstreams: number,
  digests: Readonly<Record<string, string>>,
): void {
  const names = planned.map(({ name }) => name).sort();
  const changing = steps.filter(({ op }) => op !== "same");
  const of = (type: string) => changing.filter((step) => step.type === type);
  for (const type of [layerType, imageType]) {
    const updated = of(type).map(({ op, urn }) => `${op} ${nameIn(urn)}`);
    assert.deepEqual(updated.sort(), names.map((name) => `update ${name}`).sort(), type);
  }
  assert.equal(of("strata:image:Upstream").length, upstreams);
  assert.equal(changing.length, 2 * names.length + upstreams, changing.map(({ urn }) => urn).join("\n"));

  for (const step of steps.filter(({ type }) => type === layerType)) {
    for (const [parent, digest] of Object.entries(inputsOf(step).parents ?? {})) {
      const expected = names.includes(parent) ? unknown : digests[parent];
      assert.equal(digest, expected, `${parent} beneath ${nameIn(step.urn)}`);
    }
  }
  for (const step of of(imageType)) {
    const { context, tags } = inputsOf(step);
    const named = Object.entries(context?.named ?? {}).filter(([parent]) => names.includes(parent));
    for (const [parent, { location }] of named) assert.equal(location, unknown, `${parent} for ${nameIn(step.urn)}`);
    assert.equal(tags?.[0] === unknown, named.length > 0, `the tag of ${nameIn(step.urn)}`);
  }
}

interface Inputs {
  readonly parents?: Readonly<Record<string, string>>;
  readonly context?: { readonly named?: Readonly<Record<string, { readonly location: string }>> };
  readonly tags?: readonly string[];
}

function inputsOf(step: StepEventMetadata): Inputs {
  return step.new?.inputs ?? {};
}

function catalogOf(project: Project): Catalog {
  return readCatalog({
    images: join(project.folder, "images"),
    root: project.folder,
    upstreams: readUpstreams(join(project.folder, "upstreams.yaml"), home.standInsFile),
    pinsFile: "upstreams.yaml",
    platforms: ["linux/amd64"],
  });
}

function changesIn({ layers }: Operation): Record<string, readonly string[]> {
  return reasonsOf(Object.values(layers).filter(({ action }) => action !== "unchanged"));
}

function reasonsOf(layers: readonly { readonly name: string; readonly reasons: readonly string[] }[]) {
  return Object.fromEntries(layers.map(({ name, reasons }) => [name, reasons]));
}

function upstreamsOf(catalog: Catalog): string[] {
  return [...new Set(catalog.flatMap(({ upstreams }) => upstreams.map(({ name, digest }) => `${name} ${digest}`)))];
}
