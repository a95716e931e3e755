import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import type { Catalog, CatalogLayer } from "./catalog/catalog";
import { filesText } from "./catalog/files";
import type { LayerTests } from "./catalog/image-tests";
import { InputError } from "./catalog/input-error";
import { labelsOf } from "./catalog/labels";
import { stageLayer } from "./catalog/stage";
import { stageTests } from "./catalog/stage-tests";
import { standInsBeneath } from "./catalog/stand-ins";
import { Ending } from "./ending";
import { ImageTest } from "./image-test";
import { type BuildArgs, cacheOf, ingredientsOf, Layer, type LayerArgs } from "./layer";
import { placeOf } from "./naming";
import { type Prefetch, prefetch } from "./prefetch";
import type { BuildRecord } from "./previous-builds";
import type { LastUpdate } from "./update";
import { Upstream } from "./upstream";

export interface FamilyArgs extends Omit<BuildArgs, "platforms"> {
  readonly catalog: Catalog;
  /** What each image must pass, by layer, as `readTests` gives it. */
  readonly tests: ReadonlyMap<string, readonly LayerTests[]>;
  /** Host, and port where it needs one. @example "ghcr.io" */
  readonly registry: string;
  /** The path of the repositories in the registry. @example "acme" */
  readonly organisation: string;
  /** @example "{registry}/{organisation}/{name}" */
  readonly repository: string;
  /** Where contexts are staged: a path relative to the project. @example ".strata/contexts" */
  readonly staging: string;
  /** Of every image, beside those that Strata gives. */
  readonly labels: Readonly<Record<string, string>>;
  /** For RUN --mount=type=secret: id → value. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  readonly builds: Builds;
}

/** What a stack tells of each layer: all that other stacks and verbs may read. */
export interface LayerOutput extends BuildRecord {
  readonly ref: string;
  readonly digest: string;
  readonly buildId: string;
  readonly platforms: readonly string[];
  /** The upstreams beneath for which a stand-in was used; an image with any must not leave the stack `local`. */
  readonly standIn: readonly string[];
  /** How many tests the image has passed; 0 where it has none. */
  readonly tests: number;
}

/** All layers of a catalog, each built on the digests of those beneath it. */
export class Family extends pulumi.ComponentResource {
  readonly layers: pulumi.Output<Record<string, LayerOutput>>;
  /** Of the last update that built anything; null before there was one, since Pulumi warns of an output that is undefined. */
  readonly lastUpdate: pulumi.Output<LastUpdate | null>;

  constructor(name: string, given: FamilyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("strata:image:Family", name, {}, opts);
    const args = { ...given, catalog: given.catalog.map((layer) => testedOnly(layer, given.tests)) };
    for (const upstream of upstreamsOf(args.catalog)) new Upstream(upstream, { parent: this });
    const made = new Map<string, Layer>();
    const standIns = standInsBeneath(args.catalog);
    const standInsOf = (layer: string) => standIns.get(layer) ?? [];
    for (const entry of args.catalog) {
      made.set(entry.name, this.makeLayer(entry, standInsOf(entry.name), args, made));
    }
    const outputs: Record<string, pulumi.Output<LayerOutput>> = {};
    for (const entry of args.catalog) {
      const { name: layer, platforms } = entry;
      const { built } = made.get(layer) as Layer;
      const standIn = standInsOf(layer);
      const tests = this.testLayer(entry, made.get(layer) as Layer, args);
      outputs[layer] = pulumi
        .all([built, tests])
        .apply(([{ record, ...built }, tests]) => ({ ...built, platforms, standIn, tests, ...record }));
    }
    const checked = checkSizes(made, outputs, args);
    this.layers = pulumi.all([pulumi.output(outputs), checked]).apply(([layers]) => layers);
    // A preview knows no layer that changes, and is not to show what it does not know as a change.
    const ended = pulumi.runtime.isDryRun() ? pulumi.output({}) : this.layers;
    this.lastUpdate = ended.apply(async () => (await args.builds.lastUpdate()) ?? null);
    this.registerOutputs({});
  }

  /** @returns how many tests the image has passed, when it has */
  private testLayer(entry: CatalogLayer, { digest }: Layer, args: FamilyArgs): pulumi.Input<number> {
    const { name, testPlatforms: platforms } = entry;
    const tests = args.tests.get(name);
    if (!tests) return 0;
    const { builder, compression, timeout, builds } = args;
    const { context, dockerfile: dockerfilePath } = stageTests(name, tests, args.staging);
    const place = placeOf(args.repository, { ...args, name });
    const testArgs = {
      builder,
      compression,
      timeout,
      builds,
      ...place,
      platforms,
      digest,
      tests,
      context,
      dockerfilePath,
    };
    return new ImageTest(name, { ...testArgs, layer: entry }, { parent: this }).passed;
  }

  private makeLayer(
    entry: CatalogLayer,
    standIns: readonly string[],
    args: FamilyArgs,
    made: ReadonlyMap<string, Layer>,
  ): Layer {
    const { name, platforms, rebuild } = entry;
    const { context, dockerfile: dockerfilePath } = stageLayer(entry, args.staging);
    const parents = Object.fromEntries(entry.layers.map((parent) => [parent, made.get(parent) as Layer]));
    const upstreams = Object.fromEntries(entry.upstreams.map((upstream) => [upstream.name, upstream]));
    const layerArgs: LayerArgs = {
      builder: args.builder,
      platforms,
      compression: args.compression,
      timeout: args.timeout,
      ...placeOf(args.repository, { ...args, name }),
      context,
      dockerfilePath,
      files: filesText(entry.files),
      dockerfile: entry.dockerfile,
      arguments: entry.arguments,
      rebuild,
      parents,
      upstreams,
      base: entry.base,
      labels: labelsOf({ ...entry, standIns }, args.labels),
      secrets: secretsOf(entry, args.secrets),
      cached: entry.runsCommands,
      sized: entry.sizeBudget !== undefined,
      builds: args.builds,
      planned: () => [entry, ...aboveOf(entry, args.catalog)],
    };
    args.builds.update.expect({
      name,
      needs: entry.layers,
      runsInside: entry.runsInside,
      upstreams: Object.fromEntries(entry.upstreams.map(({ name, digest }) => [name, digest])),
      ingredients: ingredientsOf(layerArgs),
      tagged: `${layerArgs.repository}:${layerArgs.tagPrefix}`,
      builder: args.builder,
      context,
    });
    if (entry.prefetch.length > 0 && !pulumi.runtime.isDryRun()) {
      const beneath = beneathOf(entry, args.catalog).map((layer) => made.get(layer) as Layer);
      prefetchWhileBuilding(beneath, entry.prefetch, { ...layerArgs, upstreams });
    }
    return new Layer(name, layerArgs, { parent: this });
  }
}

/** As soon as an update builds anything beneath a layer, its own stages that need nothing of that are built as well. */
function prefetchWhileBuilding(
  beneath: readonly Layer[],
  stages: readonly string[],
  args: LayerArgs & Pick<Prefetch, "upstreams">,
): void {
  let begun = false;
  for (const layer of beneath) {
    pulumi.all([layer.begun, args.secrets]).apply(async ([{ began }, secrets]) => {
      if (began === undefined || begun) return;
      begun = true;
      begun = await args.builds.queue.spare(() =>
        prefetch({ ...args, stages, secrets, cache: cacheOf(args) }).catch(() => {}),
      );
    });
  }
}

/** What is not tested asks nothing of the builder for it. */
function testedOnly(layer: CatalogLayer, tests: FamilyArgs["tests"]): CatalogLayer {
  return tests.has(layer.name) ? layer : { ...layer, testPlatforms: [] };
}

/**
 * Fails when all has ended, well or not: what is wrong with the size of one image is no reason to leave others unbuilt. A size that
 * is recorded is looked at every time, so that the next update does not pass what this one refused.
 */
function checkSizes(
  made: ReadonlyMap<string, Layer>,
  outputs: Readonly<Record<string, pulumi.Output<LayerOutput>>>,
  { catalog, builds }: FamilyArgs,
): pulumi.Output<void> {
  const checks: Promise<InputError | undefined>[] = [];
  const limited = catalog.filter(({ sizeBudget }) => sizeBudget !== undefined);
  const known = limited.map((entry) => {
    const { begun, built } = made.get(entry.name) as Layer;
    return pulumi
      .all([begun, built])
      .apply(([{ base }, { ref, record }]) => void checks.push(builds.overBudget(entry, ref, base, record)));
  });
  const all = Ending.ofAll([...known, ...Object.values(outputs)]).then(async () => {
    const problems = (await Promise.all(checks)).filter((problem) => problem !== undefined);
    if (problems.length > 0) throw InputError.of(problems);
  });
  return pulumi.output(all);
}

/** Of all secrets those that a layer's steps mount. */
function secretsOf<T>({ secrets }: CatalogLayer, all: Readonly<Record<string, T>>): Record<string, T> {
  const mounted = new Set(secrets.map(({ id }) => id));
  return Object.fromEntries(Object.entries(all).filter(([id]) => mounted.has(id)));
}

/** All layers that stand on a layer or take files from it, at any depth. */
function aboveOf({ name }: CatalogLayer, catalog: Catalog): CatalogLayer[] {
  const reached = new Set([name]);
  return catalog.filter((layer) => {
    const stands = layer.layers.some((parent) => reached.has(parent));
    if (stands) reached.add(layer.name);
    return stands;
  });
}

/** All layers that a layer stands on or takes files from, at any depth. */
function beneathOf({ layers }: CatalogLayer, catalog: Catalog): string[] {
  const needed = new Set(layers);
  for (const { name, layers: own } of [...catalog].reverse()) {
    if (needed.has(name)) for (const layer of own) needed.add(layer);
  }
  return [...needed];
}

/** Each once, by name. */
function upstreamsOf(catalog: Catalog) {
  return new Map(catalog.flatMap(({ upstreams }) => upstreams.map((upstream) => [upstream.name, upstream]))).values();
}
