import { ownResources, type StateEntries } from "../own-state";
import { nameIn } from "../urn";
import type { Promoted, PromotedImage } from "./hold";

/** What the state tells of the release tags and copies of each layer. */
export interface PreviousReleases {
  /** By layer the tags that it was given last, and all its versions. */
  readonly tags: ReadonlyMap<string, GivenTags>;
  readonly promoted: ReadonlyMap<string, Promoted>;
}

/** What a layer's release tags were. */
export interface GivenTags {
  readonly repository: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly immutable: readonly string[];
  /** version → digest; undefined where the tags were made of none, so that nobody has asked which there are. */
  readonly versions: Readonly<Record<string, string>> | undefined;
}

export async function previousReleases(): Promise<PreviousReleases> {
  return releasesIn(await ownResources());
}

export function releasesIn(resources: StateEntries): PreviousReleases {
  const given = new Map<string, GivenTags>();
  const promoted = new Map<string, Promoted>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    if (type !== "strata:release:Tags") continue;
    const { repository, tags = {}, immutable = [], versions } = outputs;
    given.set(nameIn(urn), { repository, tags, immutable, versions });
  }
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    if (type !== "strata:release:Copy") continue;
    // What was copied: what a refresh found in its place is nobody's choice.
    const digest = outputs.given ?? outputs.digest;
    const { buildId, commit, changed, platforms, held = false, obeyed, overruled = [], before = [] } = outputs;
    const name = nameIn(urn);
    promoted.set(name, {
      ...{ repository: outputs.repository, source: outputs.source, digest, buildId, commit, changed, platforms, held },
      ...{ obeyed, overruled },
      before: before as readonly PromotedImage[],
      versions: versionsIn(given.get(name), outputs.repository),
    });
  }
  return { tags: given, promoted };
}

/** The versions that a layer has in a repository: what another one has of them is not there. */
export function versionsIn(given: GivenTags | undefined, repository: string): Readonly<Record<string, string>> {
  return given && given.repository === repository ? (given.versions ?? {}) : {};
}
