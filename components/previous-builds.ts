import type { Efforts } from "./catalog/plan";
import type { Digests } from "./catalog/reasons";
import { testedImage } from "./catalog/stage-tests";
import { ownResources, type StateEntry } from "./own-state";
import type { Newest } from "./timestamps";
import type { LastUpdate } from "./update";
import { nameIn } from "./urn";

/** What is known of a layer's last build, and what builds and rebases take; what could not be found out is left out. */
export interface BuildRecord extends Efforts {
  /** How long the build and the push took, to tenths. */
  readonly seconds?: number | undefined;
  /** Of the filesystem layers of all platforms as a registry sends them, each counted once. */
  readonly sizeBytes?: number | undefined;
  /** Of those the ones that its base has not, of the platform that has most of them; known of a layer with a size budget. */
  readonly addedBytes?: number | undefined;
  /** A file at least as new as all of those, null where there are none; known of a layer whose times are said to be constant. */
  readonly newest?: Newest | null | undefined;
  /** The full SHA of the commit that was checked out; with `-dirty` behind it where the work tree differed from it. */
  readonly commit?: string | undefined;
}

/** An image as the stack's state has it. */
export interface PreviousBuild extends BuildKey {
  /** `sha256:…` */
  readonly digest: string;
  /** Of the images that it was built on, by the name that the Dockerfile uses. */
  readonly parents: Digests;
  readonly record: BuildRecord;
}

/** What decides whether the engine has an image built: what the image is made of, and how it is made. */
export interface BuildKey {
  /** `repository:tag`, which tells of all that the image is made of. */
  readonly tag: string;
  readonly builder: string;
  readonly context: string;
}

/** Tests that an image has passed. */
export interface PreviousTest {
  /** Where they were staged, which tells of all that they are. */
  readonly context: string;
  /** `docker-image://repository@sha256:…` */
  readonly image: string;
}

export interface Previous {
  readonly builds: ReadonlyMap<string, PreviousBuild>;
  readonly tests: ReadonlyMap<string, PreviousTest>;
  /** As the stack's output of that name has it. */
  readonly lastUpdate: LastUpdate | undefined;
}

/**
 * What this stack last built and tested, by layer: read from its own state, since only that tells of an update that failed. It is how
 * the program knows, before the engine asks it, which layers an update will build.
 */
export async function previous(): Promise<Previous> {
  const resources = await ownResources();
  const { lastUpdate } = outputsIn(resources);
  return { builds: buildsIn(resources), tests: testsIn(resources), lastUpdate: lastUpdate ?? undefined };
}

/** The stack's own. */
function outputsIn(resources: Readonly<Record<string, StateEntry>>): StateEntry["outputs"] {
  return Object.values(resources).find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

/** @param resources by URN */
export function testsIn(resources: Readonly<Record<string, StateEntry>>): Map<string, PreviousTest> {
  const tests = new Map<string, PreviousTest>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    const [, layer] = /::([^:/]+)\/tests$/.exec(urn) ?? [];
    if (type !== "docker-build:index:Image" || layer === undefined) continue;
    const { location, named } = outputs.context ?? {};
    tests.set(layer, { context: String(location), image: String(named?.[testedImage]?.location) });
  }
  return tests;
}

/** @param resources by URN */
export function buildsIn(resources: Readonly<Record<string, StateEntry>>): Map<string, PreviousBuild> {
  const records = new Map<string, StateEntry["outputs"]>();
  const images = new Map<string, StateEntry["outputs"]>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    const name = nameIn(urn);
    if (type === "strata:image:Layer") records.set(name, outputs);
    if (type === "docker-build:index:Image") images.set(name, outputs);
  }
  const { layers: told = {} } = outputsIn(resources);
  const builds = new Map<string, PreviousBuild>();
  for (const [name, { tags, digest, builder, context }] of images) {
    const own = records.get(name);
    // Pulumi drops a layer's outputs when its build begins; of one that failed only those of the stack are left.
    const known = own?.record ? own : { digest: told[name]?.digest, record: recordIn(told[name] ?? {}) };
    const recorded = known.record as BuildRecord;
    // A record of another digest is of another build; what builds take is true of both.
    const record = known.digest === digest ? recorded : { build: recorded.build, rebase: recorded.rebase };
    if (!Array.isArray(tags)) continue;
    builds.set(name, {
      tag: String(tags[0]),
      builder: builder?.name,
      context: context?.location,
      digest: String(digest),
      parents: parentsIn(context?.named ?? {}),
      record,
    });
  }
  return builds;
}

/** What is recorded of a layer, of all that a stack tells of it. */
function recordIn(told: BuildRecord): BuildRecord {
  const { seconds, sizeBytes, addedBytes, newest, commit, build, rebase } = told;
  return { seconds, sizeBytes, addedBytes, newest, commit, build, rebase };
}

/** @param named contexts of a build. @example { base: { location: "docker-image://registry/base@sha256:…" } } */
function parentsIn(named: Readonly<Record<string, { readonly location?: string }>>): Digests {
  return Object.fromEntries(
    Object.entries(named).map(([name, { location = "" }]) => [name, location.slice(location.lastIndexOf("@") + 1)]),
  );
}
