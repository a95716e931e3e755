import { setTimeout as sleep } from "node:timers/promises";
import type { ReadEntry } from "tar";
import { sourceDateEpoch } from "./catalog/build-arguments";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import { type FilesystemLayer, type ImageLayers, withoutThose } from "./image";
import { repositoryOf } from "./oci";
import type { Environment } from "./registry";

/** The file with the latest time of some. */
export interface Newest {
  readonly path: string;
  /** As `Date` writes it in ISO 8601. @example "2020-01-01T00:00:00.000Z" */
  readonly time: string;
}

/** In milliseconds, before a second try, and as much again by chance. */
const pause = 500;

/**
 * The newest of the files in some filesystem layers, which are fetched for it, one after the other.
 *
 * @returns null where there are none
 * @throws Error where one cannot be read, twice
 */
export async function newestFile(
  repository: string,
  layers: readonly FilesystemLayer[],
  env: Environment = {},
): Promise<Newest | null> {
  // Loaded here, since few updates need it.
  const { readBlob } = require("./archive") as typeof import("./archive");
  const timeOf = (entry: ReadEntry): Newest => {
    entry.resume();
    return { path: entry.path, time: (entry.mtime ?? new Date(0)).toISOString() };
  };
  let newest: Newest | null = null;
  for (const { digest, mediaType = "" } of layers) {
    const read = () => readBlob(repository, { digest, mediaType }, timeOf, env);
    // A connection that breaks off is not worth an image that nobody has looked at.
    const files = await read().catch(() => sleep(pause * (1 + Math.random())).then(read));
    newest = files.reduce<Newest | null>(later, newest);
  }
  return newest;
}

export function later(one: Newest | null, other: Newest | null): Newest | null {
  return one && (!other || one.time >= other.time) ? one : other;
}

/** What a step ends with; without the argument, as in a build without Strata, it must not fail. */
const touching = `find … -exec touch -hd @\${SOURCE_DATE_EPOCH:-0} {} +`;

const latest = new Date(sourceDateEpoch * 1000).toISOString();

/** Whether the newest file of an image is as old as all are in each build. */
export function isConstant(newest: Newest | null): boolean {
  return newest === null || newest.time <= latest;
}

/** What is asked of registries. */
export interface AskTimes {
  /** @param ref `repository@sha256:…`, or empty for `scratch` */
  readonly layersOf: (ref: string) => Promise<ImageLayers | undefined>;
  readonly newestFile: typeof newestFile;
}

/**
 * The newest file that an image adds to its base; of what was looked at before, no more is known than what it was then.
 *
 * @param ref `repository@sha256:…`
 * @param base the same, or empty for `scratch`
 * @param before the image that was looked at last, and what was found; what the two share is not looked at again, unless that was wrong
 * @throws Error where it cannot be found out
 */
export async function newestAdded(
  ref: string,
  base: string,
  before: { readonly ref: string; readonly newest: Newest } | undefined,
  { layersOf, newestFile }: AskTimes,
): Promise<Newest | null> {
  const [image, beneath] = await Promise.all([layersOf(ref), layersOf(base)]);
  if (!image || !beneath) throw new Error(`the registry does not have ${image ? base : ref}`);
  const added = withoutThose(image.flat(), beneath);
  const last = before && isConstant(before.newest) ? before : undefined;
  // The one before may be gone, or was somewhere else.
  const known = last && (await layersOf(last.ref).catch(() => undefined));
  const unseen = withoutThose(added, known ?? []);
  const found = await newestFile(repositoryOf(ref), unseen);
  return later(found, last && unseen.length < added.length ? last.newest : null);
}

/**
 * What is wrong with an image of which image.yaml says that its times are constant.
 *
 * @param newest of what it adds to its base; undefined where it could not be found out, which was told then
 */
export function checkTimestamps(
  { name, dockerfilePath, timestamps }: Pick<CatalogLayer, "name" | "dockerfilePath" | "timestamps">,
  newest: Newest | null | undefined,
): InputError | undefined {
  if (timestamps !== "constant" || !newest || isConstant(newest)) return undefined;
  const what = `/${newest.path} of ${name} is of ${newest.time}, later than SOURCE_DATE_EPOCH (${latest}): most likely the time of its build, and another one in the next`;
  const how = `have the stage that it comes from declare ARG SOURCE_DATE_EPOCH, and the step that makes it end with: ${touching}; then raise rebuild, since a builder takes the copy of before for the same; or remove the key, as for what is copied from the build context`;
  return new InputError(dockerfilePath.replace(/Dockerfile$/, "image.yaml"), `timestamps: ${what}; ${how}`);
}
