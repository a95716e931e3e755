import { dirname, join } from "node:path";
import type { Source } from "../dockerfile/reading";
import { disk, type FileSystem } from "../file-system";
import { InputError } from "../input-error";
import { readTextIfThere } from "../read-text";
import { LockError, lockFile, readLock, wantedFile } from "./packages";

/** A lock file that steps of a layer read. */
export interface PackageLock {
  /** `images/base/packages.lock` */
  readonly file: string;
  /** `images/base/packages.txt` */
  readonly wantedFile: string;
  /** The image beneath the stage that reads it: what the packages are added to. */
  readonly base: string;
}

/**
 * The locks among the sources of a Dockerfile: files of that name with a packages.txt beside them.
 *
 * @param context the folder that sources are relative to
 * @throws InputError for a lock that is missing or cannot be read, and for one that stages on several images read
 */
export function packageLocks(
  sources: readonly Source[],
  context: string,
  dockerfile: string,
  system: FileSystem = disk,
): PackageLock[] {
  const found = new Map<string, Source>();
  for (const source of sources) {
    if (!isLock(source.path, context, system)) continue;
    const place = `${dockerfile}:${source.line}`;
    const { base } = found.get(source.path) ?? source;
    if (source.base === undefined) {
      throw new InputError(
        place,
        `${source.path} is read in a stage on scratch, which has no package manager; read it in a stage on an image`,
      );
    }
    if (base !== source.base) {
      throw new InputError(
        place,
        `${source.path} is read by stages on ${base} and on ${source.base}, which need not add the same packages; give each a lock of its own`,
      );
    }
    found.set(source.path, source);
  }
  return [...found].map(([path, { base }]) => {
    const file = join(context, path);
    return { file, wantedFile: join(dirname(file), wantedFile), base: base as string };
  });
}

/** @throws LockError where a lock is missing or cannot be read */
export function checkLock({ file, wantedFile }: PackageLock, system: FileSystem = disk): void {
  const text = readTextIfThere(file, system);
  if (text !== undefined) readLock(text, file);
  else throw new LockError(file, `no such file; make it from ${wantedFile} with: strata pins --write`);
}

/** Others may have files of this name for purposes of their own; the list beside it makes it a lock. */
export function isLock(path: string, context: string, system: FileSystem = disk): boolean {
  return path.split("/").at(-1) === lockFile && system.kindOf(join(context, dirname(path), wantedFile)) !== undefined;
}
