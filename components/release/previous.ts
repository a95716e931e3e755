import { ownResources, type StateEntries } from "../own-state";
import type { Promoted, PromotedImage } from "./hold";

/** What the state tells of the release tags and copies of each layer. */
export interface PreviousReleases {
  /** By layer: version → digest. */
  readonly versions: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly promoted: ReadonlyMap<string, Promoted>;
}

export async function previousReleases(): Promise<PreviousReleases> {
  return releasesIn(await ownResources());
}

export function releasesIn(resources: StateEntries): PreviousReleases {
  const versions = new Map<string, Readonly<Record<string, string>>>();
  const promoted = new Map<string, Promoted>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    if (type === "strata:release:Tags") versions.set(nameOf(urn), outputs.versions ?? {});
  }
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    if (type !== "strata:release:Copy") continue;
    const { digest, buildId, commit, changed, held = false, before = [] } = outputs;
    const name = nameOf(urn);
    promoted.set(name, {
      ...{ digest, buildId, commit, changed, held },
      before: before as readonly PromotedImage[],
      versions: versions.get(name) ?? {},
    });
  }
  return { versions, promoted };
}

/** urn:pulumi:stack::project::parent$type::name */
function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}
