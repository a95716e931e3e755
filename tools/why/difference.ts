import type { Catalog } from "../../components/catalog/catalog";
import { megabytesOf } from "../../components/catalog/size";
import type { ImagePlace } from "../../components/naming";
import type { Environment } from "../stack/environment";
import { layerReasons } from "../stack/layer-reasons";
import { unknownLayer } from "../stack/unknown-layer";
import { entriesOf } from "./archive";
import { compareImages, type ImageComparison } from "./compare";
import { compareContents, layered } from "./contents";
import { platformsIn, readImage } from "./image";
import { inStack } from "./layer";
import type { Difference } from "./shape";
import { type LayerState, otherStacks, pastStates, stateOf } from "./states";
import { tagsOf } from "./tags";

export interface DifferenceOptions {
  /** As people give them: whole, or the first eight digits or more, with `sha256:` before them or without. */
  readonly digests: readonly [string, string];
  /** @default the first that both images have */
  readonly platform?: string | undefined;
  /** In bytes, packed: the most that is read of the layers that differ. */
  readonly limit: number;
}

/** Where the images of a layer are known from. */
export interface DifferenceSource {
  readonly stack: string;
  /** Where the layer's images go. */
  readonly place: ImagePlace;
  readonly catalog: Catalog;
}

/**
 * What differs between two images of a layer.
 *
 * @throws Error for a layer that there is not, for a digest that is not known, or begins like several, and for a platform that the images do not have
 */
export async function differenceOf(
  layer: string,
  { stack, place, catalog }: DifferenceSource,
  { digests, platform: wanted, limit }: DifferenceOptions,
  env: Environment,
): Promise<Difference> {
  const { builds, notes } = await knownBuilds(layer, stack, env);
  const names = catalog.map(({ name }) => name);
  if (builds.length === 0 && !names.includes(layer)) throw new Error(unknownLayer(layer, names, inStack(stack)));
  const repository = builds.find(({ stack: own }) => own === stack)?.built?.ref.split("@")[0] ?? place.repository;
  const named = await Promise.all(
    digests.map((digest) => wholeDigest(digest, builds, () => tagsOf(repository, place.tagPrefix, [], env))),
  );
  const [first, second] = named as [string, string];
  const [ofFirst, ofSecond] = (await Promise.all(
    [first, second].map((digest) => platformsIn(repository, digest, env)),
  )) as [Map<string, string>, Map<string, string>];
  const platforms = [...ofFirst.keys()].filter((name) => ofSecond.has(name)).sort();
  const platform = wanted ?? platforms[0];
  if (platform === undefined || !platforms.includes(platform)) {
    throw new Error(
      `both images have ${platforms.join(", ") || "no platform in common"}${wanted ? `, and not ${wanted}` : ""}`,
    );
  }
  const images = await Promise.all([
    readImage(repository, platform, ofFirst.get(platform) as string, env),
    readImage(repository, platform, ofSecond.get(platform) as string, env),
  ]);
  const comparison = compareImages(...images);
  const contents = await filesIn(repository, comparison, limit, env);
  const [firstBuild, secondBuild] = [first, second].map((digest) =>
    builds.find(({ built }) => built?.digest === digest),
  );
  const ingredients = ingredientsOf(firstBuild, secondBuild);
  return {
    version: 1,
    layer,
    repository,
    platform,
    platforms,
    first: sideOf(first, firstBuild),
    second: sideOf(second, secondBuild),
    ingredients: ingredients.reasons,
    config: [...comparison.config],
    steps: comparison.steps.map((step) => ({ ...step, in: step.in as "first" | "second" })),
    layers: comparison.layers.map(({ digest, size, step, in: where }) => ({
      digest,
      size,
      in: where,
      step: step ?? null,
    })),
    files: contents.files,
    notes: [...notes, ...ingredients.notes, ...contents.notes],
  };
}

/** Every build of a layer that a state of this project has or had, the newest first. */
async function knownBuilds(
  layer: string,
  stack: string,
  env: Environment,
): Promise<{ builds: LayerState[]; notes: string[] }> {
  const [state, others] = await Promise.all([
    stateOf(stack, env),
    otherStacks(stack, env).catch(() => ({ states: new Map<string, Map<string, LayerState>>(), unread: ["all"] })),
  ]);
  const past = [stack, ...others.states.keys()].flatMap((name) => pastStates(name, env));
  const builds = [state, ...others.states.values(), ...past].flatMap((layers) => layers.get(layer) ?? []);
  const notes = others.unread.length > 0 ? [`stacks that could not be looked at: ${others.unread.join(", ")}`] : [];
  return { builds: builds.filter(({ built }) => built !== undefined), notes };
}

/**
 * The one digest that is meant.
 *
 * @param tags asked where no state knows it
 */
export async function wholeDigest(
  given: string,
  builds: readonly LayerState[],
  tags: () => Promise<{ readonly digests: ReadonlyMap<string, string> }>,
): Promise<string> {
  const [, hex = ""] = /^(?:sha256:)?([0-9a-f]{8,64})…?$/.exec(given) ?? [];
  if (hex === "")
    throw new Error(`"${given}" is no digest; give sha256: and 64 hexadecimal digits, or the first eight or more`);
  if (hex.length === 64) return `sha256:${hex}`;
  const begins = (digests: readonly string[]) =>
    [...new Set(digests)].filter((digest) => digest.startsWith(`sha256:${hex}`));
  const known = builds.flatMap(({ built }) => built?.digest ?? []);
  const tagged = async () => [...(await tags()).digests.values()];
  const found = begins([...known, ...(begins(known).length === 1 ? [] : await tagged())]);
  if (found.length === 1) return found[0] as string;
  if (found.length > 1) throw new Error(`several images begin with ${hex}: ${found.join(", ")}; give more digits`);
  throw new Error(`no image that a tag or a stack knows begins with ${hex}; give the digest whole`);
}

function ingredientsOf(first: LayerState | undefined, second: LayerState | undefined) {
  if (first && second) return { reasons: layerReasons(first.inputs, second.inputs, () => true), notes: [] };
  const which = first ? "the second image was" : second ? "the first image was" : "the images were";
  return {
    reasons: null,
    notes: [`no state of this project knows what ${which} built from, so only the images are compared`],
  };
}

function sideOf(digest: string, build: LayerState | undefined): Difference["first"] {
  return { digest, stack: build?.stack ?? null, commit: build?.built?.record.commit ?? null };
}

/** Reads the layers that the images do not share. */
async function filesIn(
  repository: string,
  { layers }: ImageComparison,
  limit: number,
  env: Environment,
): Promise<{ files: Difference["files"]; notes: string[] }> {
  const differing = layers.filter((layer) => layer.in !== "both");
  const bytes = differing.reduce((sum, { size }) => sum + size, 0);
  if (bytes > limit) {
    const why = `the files are not compared: the layers that differ have ${megabytesOf(bytes)}, and --limit is ${megabytesOf(limit)}`;
    return { files: null, notes: [why] };
  }
  const contentsOf = async (where: "first" | "second") => {
    const entries = [];
    for (const layer of differing) if (layer.in === where) entries.push(await entriesOf(repository, layer, env));
    return layered(entries);
  };
  const [before, after] = await Promise.all([contentsOf("first"), contentsOf("second")]);
  return { files: compareContents(before, after) as Difference["files"], notes: [] };
}
