import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Catalog, type CatalogLayer, type CatalogSource, surveyCatalog } from "../../components/catalog/catalog";
import { familiar } from "../../components/catalog/image-name";
import { InputError } from "../../components/catalog/input-error";
import {
  compareLock,
  comparePin,
  layersFrom,
  type Pin,
  type PresentDigest,
} from "../../components/catalog/pins/compare";
import type { PackageLock } from "../../components/catalog/pins/locks";
import {
  LockError,
  lockFile,
  lockText,
  type Packages,
  readLock,
  readWanted,
} from "../../components/catalog/pins/packages";
import { lockOf } from "../../components/catalog/pins/resolution";
import { withDigests } from "../../components/catalog/pins/upstreams";
import { fullRepository, readPins } from "../../components/catalog/upstreams";
import type { Environment } from "../stack/environment";
import { presentDigest } from "./present-digest";
import { resolvePackages } from "./resolve";

export interface LocksSource {
  readonly catalog: Catalog;
  /** The buildx builder. */
  readonly builder: string;
  readonly env: Environment;
  /** For each layer where it was last built: `repository@sha256:…`. Asked for only where a lock needs it. */
  readonly built: () => Promise<ReadonlyMap<string, string>>;
  /** Says what is happening, in a few words. */
  readonly report: (text: string) => void;
}

export interface PinsSource extends LocksSource {
  /** upstreams.yaml */
  readonly pinsFile: string;
}

/** A file with what it would say. */
export interface Change {
  readonly file: string;
  readonly text: string;
}

export interface PinsSurvey {
  /** Everything that is pinned: upstreams as they stand in their file, then locks, by package. */
  readonly pins: readonly Pin[];
  /** What moved, as files. */
  readonly changes: readonly Change[];
  /** What could not be found out, each with its place. */
  readonly problems: readonly string[];
  /** What to know though it is no problem. */
  readonly warnings: readonly string[];
}

/** Builds that ask at a time: each waits for an archive more than it computes. */
const atOnce = 4;

/**
 * The family, though locks may be missing or broken: those are what is to be written.
 *
 * @throws InputError with all else that is wrong
 */
export function catalogBesidesLocks(source: CatalogSource): Catalog {
  const { layers, problems } = surveyCatalog(source);
  const others = problems.filter((problem) => !(problem instanceof LockError));
  if (others.length > 0) throw InputError.of(others);
  return layers;
}

/** Compares all that the family pins with what registries and archives have now. Writes nothing. */
export async function surveyPins(source: PinsSource): Promise<PinsSurvey> {
  const { catalog, pinsFile } = source;
  const written = Object.entries(readPins(pinsFile));
  source.report(`asking the registries of ${written.length} upstreams`);
  const present = new Map(
    await Promise.all(written.map(async ([name]) => [name, await presentDigest(name, source.env)] as const)),
  );
  const pins = written.map(([name, pin]) =>
    comparePin(pinsFile, name, pin, present.get(name) as PresentDigest, layersFrom(catalog, uses(name, pinsFile))),
  );
  const warnings = [...present].flatMap(([name, found]) => ("unknown" in found ? [`${name}: ${found.unknown}`] : []));
  const moved = new Map(pins.flatMap(({ name, now, state }) => (state === "moved" ? [[name, now as string]] : [])));
  const changes =
    moved.size === 0 ? [] : [{ file: pinsFile, text: withDigests(readFileSync(pinsFile, "utf8"), moved) }];
  const now = new Map([...moved].map(([name, digest]) => [familiar(name, pinsFile), digest]));
  const locks = await surveyLocks(source, now);
  return {
    pins: [...pins, ...locks.pins],
    changes: [...changes, ...locks.changes],
    problems: locks.problems,
    warnings: [...warnings, ...locks.warnings],
  };
}

/**
 * Compares the family's locks with what archives have now. Writes nothing.
 *
 * @param moved upstreams that are to be pinned anew as well: name → digest. @default all stay as they are
 */
export async function surveyLocks(
  source: LocksSource,
  moved: ReadonlyMap<string, string> = new Map(),
): Promise<PinsSurvey> {
  const { catalog } = source;
  const [pins, changes, warnings]: [Pin[], Change[], string[]] = [[], [], []];
  const problems = catalog.flatMap(unreadLists);
  const locks = catalog.flatMap((layer) => layer.packageLocks.map((lock) => ({ layer, lock })));
  for (let at = 0; at < locks.length; at += atOnce) {
    const some = locks.slice(at, at + atOnce);
    source.report(`resolving ${some.map(({ lock }) => lock.file).join(", ")}`);
    const asked = await Promise.allSettled(some.map(({ layer, lock }) => compareOne(layer, lock, moved, source)));
    for (const answer of asked) {
      if (answer.status === "rejected") {
        problems.push((answer.reason as Error).message);
        continue;
      }
      pins.push(...answer.value.pins);
      changes.push(...answer.value.changes);
      warnings.push(...answer.value.warnings);
    }
  }
  return { pins, changes, problems, warnings };
}

export function writeChanges(changes: readonly Change[]): void {
  for (const { file, text } of changes) {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

function uses(written: string, pinsFile: string): (layer: CatalogLayer) => boolean {
  const upstream = familiar(written, pinsFile);
  return (layer) => layer.upstreams.some(({ name }) => name === upstream);
}

async function compareOne(
  layer: CatalogLayer,
  lock: PackageLock,
  moved: ReadonlyMap<string, string>,
  source: LocksSource,
): Promise<Pick<PinsSurvey, "pins" | "changes" | "warnings">> {
  const wanted = readWanted(readFileSync(lock.wantedFile, "utf8"), lock.wantedFile);
  const before = existsSync(lock.file) ? readFileSync(lock.file, "utf8") : undefined;
  const locked = before === undefined ? undefined : packagesIn(before, lock.file);
  const { ref, standIn } = await imageBeneath(layer, lock, moved, source);
  const { platforms } = layer;
  const resolution = await resolvePackages({ ...source, lock, wanted, locked: locked ?? new Map(), ref, platforms });
  const text = lockText(lockOf(resolution));
  return {
    pins: compareLock(
      lock.file,
      locked,
      resolution,
      layersFrom(source.catalog, ({ name }) => name === layer.name),
    ),
    changes: text === before ? [] : [{ file: lock.file, text }],
    warnings: standIn ? [`${lock.file}: resolved on a stand-in for ${lock.base}`] : [],
  };
}

/** Undefined for one that cannot be read, as after a merge: it is made anew. */
function packagesIn(text: string, file: string): Packages | undefined {
  try {
    return readLock(text, file);
  } catch (error) {
    if (error instanceof LockError) return undefined;
    throw error;
  }
}

/** Of an upstream what it would be pinned to, so that what is written together also fits together. */
async function imageBeneath(
  layer: CatalogLayer,
  { base, file }: PackageLock,
  moved: ReadonlyMap<string, string>,
  { built }: LocksSource,
): Promise<{ ref: string; standIn: boolean }> {
  const upstream = layer.upstreams.find(({ name }) => name === base);
  if (upstream) {
    const now = moved.get(base);
    const ref = now && !upstream.standIn ? `${fullRepository(base)}@${now}` : upstream.ref;
    return { ref, standIn: upstream.standIn };
  }
  const ref = (await built()).get(base);
  if (ref) return { ref, standIn: false };
  throw new Error(
    `${file}: stands on the layer "${base}", which this stack has not built yet; run pulumi up first (with an empty ${lockFile} here, if there is none)`,
  );
}

/** Lists beside which no step reads a lock, so that they pin nothing. */
function unreadLists({ context, dockerfilePath, files, packageLocks }: CatalogLayer): string[] {
  const lists = globSync("{,*/}packages.txt", { cwd: context });
  return lists
    .filter((list) => !files.some(({ path }) => path === list))
    .map((list) => join(context, list))
    .filter((list) => !packageLocks.some(({ wantedFile }) => wantedFile === list))
    .map(
      (list) => `${list}: no step of ${dockerfilePath} reads ${lockFile} beside it; docs/guide/pins.md has the step`,
    );
}
