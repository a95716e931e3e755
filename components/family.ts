import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import type { Catalog, CatalogLayer } from "./catalog/catalog";
import { filesText } from "./catalog/files";
import type { LayerTests } from "./catalog/image-tests";
import { labelsOf } from "./catalog/labels";
import { stageLayer } from "./catalog/stage";
import { stageTests, testsIdOf } from "./catalog/stage-tests";
import { standInsBeneath } from "./catalog/stand-ins";
import { checkImages } from "./family-checks";
import { ImageTest } from "./image-test";
import { type BuildArgs, cacheOf, ingredientsOf, Layer, type LayerArgs } from "./layer";
import { placeOf } from "./naming";
import { type Prefetch, prefetch } from "./prefetch";
import type { BuildRecord } from "./previous-builds";
import type { Commits } from "./release/commits";
import { ReusedLayer, reusable } from "./release/reused-layer";
import type { SourceLayers } from "./release/source";
import type { LastUpdate } from "./update";
import { Upstream } from "./upstream";

export interface FamilyArgs extends Omit<BuildArgs, "platforms"> {
  readonly catalog: Catalog;
  /** What each image must pass, by layer, as `readTests` gives it. */
  readonly tests: ReadonlyMap<string, readonly LayerTests[]>;
  /** The layers that have tests of which none is run. @default none */
  readonly untested?: ReadonlySet<string>;
  /** What another stack has: used wherever it is what would be built here. @default nothing */
  readonly reuse?: SourceLayers | undefined;
  /** What git says of the layers. @default nothing */
  readonly commits?: Commits | undefined;
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
  /** Where it has tests, and none were run. */
  readonly untested?: true;
  /** Which tests it has passed: another id means others. */
  readonly testsId?: string | undefined;
  /** The commit that last changed what it is made of; known where release tags are made of it. */
  readonly changed?: string | undefined;
  /** version → digest, of all versions that the stack has given, this image's and those of others. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Of a stack that promotes: whether the image was chosen, and stays until the stack is told otherwise. */
  readonly held?: true;
  /** Of a stack that promotes: the digests that it had before, newest first. */
  readonly before?: readonly string[];
}

/** A layer of which the image is there, or will be. */
export type Made = Layer | ReusedLayer;

/** All layers of a catalog, each built on the digests of those beneath it. */
export class Family extends pulumi.ComponentResource {
  readonly layers: pulumi.Output<Record<string, LayerOutput>>;
  /** By layer that is built here, the digest of what has passed its tests and is what its image.yaml promises; never known of what is not. */
  readonly checked: () => Readonly<Record<string, pulumi.Output<string>>>;
  /** By layer that is built here, whether its image or its tests change and are no target of this update. */
  readonly leftOut: () => Readonly<Record<string, pulumi.Output<boolean>>>;
  /** Of the last update that built anything; null before there was one, since Pulumi warns of an output that is undefined. */
  readonly lastUpdate: pulumi.Output<LastUpdate | null>;

  constructor(name: string, given: FamilyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("strata:image:Family", name, {}, opts);
    const args = { ...given, catalog: given.catalog.map((layer) => testedOnly(layer, given.tests)) };
    for (const upstream of upstreamsOf(args.catalog)) new Upstream(upstream, { parent: this });
    const made = new Map<string, Made>();
    const standIns = standInsBeneath(args.catalog);
    const standInsOf = (layer: string) => standIns.get(layer) ?? [];
    for (const entry of args.catalog) {
      made.set(entry.name, this.makeLayer(entry, standInsOf(entry.name), args, made));
    }
    const outputs: Record<string, pulumi.Output<LayerOutput>> = {};
    const own: [layer: string, of: Layer, passed: pulumi.Input<number | undefined>][] = [];
    for (const entry of args.catalog) {
      const { name: layer, platforms } = entry;
      const of = made.get(layer) as Made;
      const standIn = standInsOf(layer);
      const isOwn = of instanceof Layer;
      const passed = isOwn ? this.testLayer(entry, of, args) : of.image.tests;
      const told = {
        changed: args.commits?.changed.get(layer),
        testsId: isOwn ? testsIdOf(args.tests.get(layer)) : of.image.testsId,
      };
      const untested = isOwn ? args.untested?.has(layer) : of.image.untested;
      outputs[layer] = pulumi.all([of.built, passed]).apply(
        ([{ record, leftOut, ...built }, passed]): LayerOutput => ({
          ...{ ...built, platforms, standIn, tests: passed ?? 0 },
          ...(untested || passed === undefined ? { untested: true } : {}),
          // Of an image of before none of it is true.
          ...(leftOut || passed === undefined ? {} : known(told)),
          ...record,
        }),
      );
      if (isOwn) own.push([layer, of, passed]);
    }
    const checks = checkImages(made, outputs, args);
    this.checked = checks.checked;
    this.leftOut = () => {
      const behind = own.map(([layer, { built }, passed]) => {
        const left = pulumi.all([built, passed]).apply(([{ leftOut }, passed]) => leftOut || passed === undefined);
        return [layer, left] as const;
      });
      return Object.fromEntries(behind);
    };
    this.layers = pulumi.all([pulumi.output(outputs), checks.all]).apply(([layers]) => layers);
    // A preview knows no layer that changes, and is not to show what it does not know as a change.
    const ended = pulumi.runtime.isDryRun() ? pulumi.output({}) : this.layers;
    this.lastUpdate = ended.apply(async () => (await args.builds.lastUpdate()) ?? null);
    this.registerOutputs({});
  }

  /** @returns as `ImageTest` has it */
  private testLayer(entry: CatalogLayer, { digest }: Layer, args: FamilyArgs): pulumi.Input<number | undefined> {
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
    made: ReadonlyMap<string, Made>,
  ): Made {
    const { name, platforms, timestamps, rebuild } = entry;
    const { context, dockerfile: dockerfilePath, layOut } = stageLayer(entry, args.staging, args.compression);
    const parents = Object.fromEntries(entry.layers.map((parent) => [parent, made.get(parent) as Made]));
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
      timestamps,
      rebuild,
      parents,
      upstreams,
      base: entry.base,
      stageBases: entry.stageBases,
      labels: labelsOf({ ...entry, standIns }, args.labels),
      secrets: secretsOf(entry, args.secrets),
      cached: entry.runsCommands,
      sized: entry.sizeBudget !== undefined,
      builds: args.builds,
      planned: () => [entry, ...aboveOf(entry, args.catalog)],
    };
    const there = reusable(entry, layerArgs, testsIdOf(args.tests.get(name)), args.reuse?.[name], made);
    if (there) return there;
    if (needsFiles(entry)) layOut();
    const digests = Object.fromEntries(entry.upstreams.map(({ name, digest }) => [name, digest]));
    for (const [parent, of] of Object.entries(parents)) {
      if (of instanceof ReusedLayer) digests[parent] = of.image.digest;
    }
    args.builds.update.expect({
      name,
      needs: entry.layers.filter((parent) => parents[parent] instanceof Layer),
      runsInside: entry.runsInside,
      there: digests,
      ingredients: ingredientsOf(layerArgs),
      tagged: `${layerArgs.repository}:${layerArgs.tagPrefix}`,
      builder: args.builder,
      context,
    });
    const layer = new Layer(name, layerArgs, { parent: this });
    if (entry.prefetch.length > 0 && !pulumi.runtime.isDryRun()) {
      const names = beneathOf(entry, args.catalog);
      const ahead = entry.upstreams.map((upstream) => ({ name: upstream.name, ref: upstream.ref, platforms, context }));
      args.builds.lookUpBefore({ layer: name, beneath: names, upstreams: ahead });
      const beneath = names.flatMap((layer) => made.get(layer) ?? []);
      prefetchWhileBuilding(name, beneath, entry.prefetch, { ...layerArgs, upstreams, layer });
    }
    return layer;
  }
}

/**
 * As soon as an update builds anything beneath a layer that changes by itself, its stages that need nothing of that are built as well. They have a turn until
 * the layer has its own: its build joins them then, and of two turns they would be both.
 */
function prefetchWhileBuilding(
  name: string,
  beneath: readonly Made[],
  stages: readonly string[],
  args: LayerArgs & Pick<Prefetch, "upstreams"> & { readonly layer: Layer },
): void {
  let begun = false;
  const ownTurn = new Promise((resolve) => args.layer.begun.apply(resolve));
  for (const layer of beneath.filter((made) => made instanceof Layer)) {
    pulumi.all([layer.begun, args.secrets]).apply(async ([{ began }, secrets]) => {
      if (began === undefined || !(await args.builds.changesByItself(name)) || begun) return;
      begun = true;
      const ahead = () => prefetch({ ...args, stages, secrets, cache: cacheOf(args) }).catch(() => {});
      begun = await args.builds.queue.spare(() => Promise.race([ahead(), ownTurn]));
    });
  }
}

/**
 * Whether the files of a layer's context must be there. A preview builds nothing; but the provider hashes the context of an image of which any input
 * differs, as with another value of a secret, and of each where the engine is not told to leave it alone.
 */
function needsFiles({ secrets }: CatalogLayer): boolean {
  const asksOfEach = !/^(1|true)$/i.test(process.env.PULUMI_ENABLE_LEGACY_DIFF ?? "");
  return !pulumi.runtime.isDryRun() || secrets.length > 0 || asksOfEach;
}

/** What is not tested asks nothing of the builder for it. */
function testedOnly(layer: CatalogLayer, tests: FamilyArgs["tests"]): CatalogLayer {
  return tests.has(layer.name) ? layer : { ...layer, testPlatforms: [] };
}

/** What is known of some things. */
function known<T extends object>(things: T): Partial<T> {
  return Object.fromEntries(Object.entries(things).filter(([, value]) => value !== undefined)) as Partial<T>;
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
