import { sourceDateEpoch } from "./catalog/build-arguments";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import type { FilesystemLayer } from "./image";
import type { Environment } from "./registry";

/** The file with the latest time of some. */
export interface Newest {
  readonly path: string;
  /** As `Date` writes it in ISO 8601. @example "2020-01-01T00:00:00.000Z" */
  readonly time: string;
}

/**
 * The newest of the files in some filesystem layers, which are fetched for it, one after the other.
 *
 * @returns null where there are none
 * @throws Error where one cannot be read
 */
export async function newestFile(
  repository: string,
  layers: readonly FilesystemLayer[],
  env: Environment = {},
): Promise<Newest | null> {
  // Loaded here, since few updates need it.
  const { readBlob } = require("./archive") as typeof import("./archive");
  let newest: Newest | null = null;
  for (const { digest, mediaType = "" } of layers) {
    const files = await readBlob(
      repository,
      { digest, mediaType },
      (entry) => {
        entry.resume();
        return { path: entry.path, time: (entry.mtime ?? new Date(0)).toISOString() };
      },
      env,
    );
    newest = files.reduce(later, newest);
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

/**
 * What is wrong with an image of which image.yaml says that its times are constant.
 *
 * @param newest of what it adds to its base; undefined where it could not be found out, which was told then
 */
export function checkTimestamps(
  {
    name,
    dockerfilePath,
    timestamps,
    rebuild,
  }: Pick<CatalogLayer, "name" | "dockerfilePath" | "timestamps" | "rebuild">,
  newest: Newest | null | undefined,
): InputError | undefined {
  if (timestamps !== "constant" || !newest || isConstant(newest)) return undefined;
  const what = `in ${name} /${newest.path} is of ${newest.time}, when it was built, and each build would give it another time`;
  const how = `have the step that makes it set the times of all that is copied, folders too, by ${touching}, with ARG SOURCE_DATE_EPOCH in its stage, and write rebuild: ${rebuild + 1}, since a builder takes the copy of before for the same; or remove the key`;
  return new InputError(dockerfilePath.replace(/Dockerfile$/, "image.yaml"), `timestamps: ${what}; ${how}`);
}
