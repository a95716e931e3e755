import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../catalog/input-error";
import type { LayerOutput } from "../family";
import { type ImagePlace, placeOf } from "../naming";
import type { Settings } from "../settings";
import type { Commits } from "./commits";
import { type GivenTags, type PreviousReleases, versionsIn } from "./previous";
import { ReleaseTags, type ReleaseTagsArgs } from "./release-tags";
import { namesVersions, pullRequestOf, refuseSharedTags, type TagFacts, tagsOf } from "./tags";

export interface ReleaseArgs<T = pulumi.Output<string>> {
  /** Templates; see `tagsOf`. */
  readonly releaseTags: readonly string[];
  /** Whether all tags stay where they are when the stack is destroyed. */
  readonly keepTags: boolean;
  readonly layers: readonly ReleasedLayer<T>[];
  /** By layer, whether it changes and is no target of this update: then its names stay as they were. @default none */
  readonly leftOut?: Readonly<Record<string, pulumi.Output<boolean>>>;
  /** By layer what it was given before. @default nothing */
  readonly before?: ReadonlyMap<string, GivenTags>;
}

/**
 * A layer whose image gets names.
 *
 * @typeParam T the digest of an image that may be released: known when its checks have passed
 */
export interface ReleasedLayer<T = pulumi.Output<string>> extends ImagePlace, Omit<TagFacts<T>, "versions"> {
  readonly name: string;
  /** The version that this image gets; of one that was given before it is known to which image. */
  readonly version: string | undefined;
  /** All versions so far: version → digest. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether another stack gives names to what is in this repository, so that of versions and commits it has them already. */
  readonly shared: boolean;
}

/** The names by which people pull the images of a stack. */
export class Release extends pulumi.ComponentResource {
  /** By layer that has any: version → digest, when the tags are there. */
  readonly versions: Readonly<Record<string, pulumi.Output<Record<string, string>>>>;

  /** @throws InputError for a template or version that makes no tag, or one that two layers would have */
  constructor(name: string, args: ReleaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("strata:release:Release", name, {}, opts);
    const versions: Record<string, pulumi.Output<Record<string, string>>> = {};
    const layers = args.layers.map((layer) => ofOneImage(layer, args.before?.get(layer.name)));
    for (const [layer, given] of releaseTagsOf({ ...args, layers })) {
      const made = new ReleaseTags(layer, unlessLeftOut(given, args.leftOut?.[layer], args.before?.get(layer)), {
        parent: this,
      });
      if (Object.keys(given.versions ?? {}).length > 0) versions[layer] = made.versions;
    }
    this.versions = versions;
    this.registerOutputs({});
  }
}

/** A repository that has nothing of a version yet cannot refuse it to another image than the one that had it elsewhere. */
function ofOneImage(layer: ReleasedLayer, before: GivenTags | undefined): ReleasedLayer {
  const { name, version, versions } = layer;
  const given = version === undefined || version in versions ? undefined : before?.versions?.[version];
  if (given === undefined) return layer;
  const digest = layer.digest.apply((digest) => {
    if (digest === given) return digest;
    throw new InputError(
      `strata:versions.${name}`,
      `${version} is ${given} in ${before?.repository}, and would be ${digest} in ${layer.repository}; a version is its image's for ever, so give another one: strata release ${name}`,
    );
  });
  return { ...layer, digest };
}

/** An update that has other targets leaves an image as it was, and what names the one of now is not to name that one. */
function unlessLeftOut(
  given: ReturnType<typeof releaseTagsOf<pulumi.Output<string>>>[number][1],
  leftOut: pulumi.Output<boolean> | undefined,
  { repository, tags = {}, immutable = [], versions }: Partial<GivenTags> = {},
): ReleaseTagsArgs {
  // In a preview all names would be unknown with the digest.
  if (!leftOut || pulumi.runtime.isDryRun()) return given;
  const either = <T>(now: pulumi.Input<T>, then: T) =>
    pulumi.all([leftOut, now]).apply(([left, now]) => (left ? then : now)) as pulumi.Output<T>;
  return {
    ...given,
    // The image that is left is where it was.
    repository: either<string>(given.repository, repository ?? given.repository),
    tags: either<Record<string, string>>(given.tags as pulumi.Input<Record<string, string>>, tags),
    immutable: either<readonly string[]>(given.immutable, immutable),
    versions: either(given.versions as pulumi.Input<GivenTags["versions"]>, versions) as pulumi.Output<
      Record<string, string>
    >,
  };
}

/**
 * By layer that gets any names, what its `ReleaseTags` is given. Where names may be versions a layer is there without any too: so the
 * state knows that there are none, and the registry is asked for older ones once.
 *
 * @throws InputError as `Release` does
 */
export function releaseTagsOf<T>({ releaseTags, keepTags: keep, layers }: ReleaseArgs<T>) {
  const given = layers.map((layer) => [layer.name, { ...namesOf(layer, releaseTags), keep }] as const);
  refuseSharedTags(given.map(([layer, { repository, tags }]) => ({ layer, repository, tags: Object.keys(tags) })));
  return given.filter(
    ([, { tags, versions }]) => namesVersions(releaseTags) || Object.keys({ ...tags, ...versions }).length > 0,
  );
}

/** A layer's tags with what all its tags begin with, and all its versions. */
function namesOf<T>(layer: ReleasedLayer<T>, templates: readonly string[]) {
  const { repository, tagPrefix, digest, version, shared } = layer;
  if (shared && version !== undefined) {
    throw new InputError(
      `strata:versions.${layer.name}`,
      "this stack takes images over within one repository, where the other stack gives versions; give it there",
    );
  }
  const versions: Record<string, T | string> = { ...layer.versions };
  if (version !== undefined && !(version in versions)) versions[version] = digest;
  const theirs = /^latest$|\{(?:version|commit|sha)\}/;
  const used = shared ? templates.filter((template) => !theirs.test(template)) : templates;
  const { tags, immutable } = tagsOf<T | string>(used, { ...layer, versions });
  return {
    repository,
    tags: Object.fromEntries(Object.entries(tags).map(([tag, digest]) => [`${tagPrefix}${tag}`, digest])),
    immutable: immutable.map((tag) => `${tagPrefix}${tag}`),
    versions: namesVersions(templates) || Object.keys(versions).length > 0 ? versions : undefined,
  };
}

/**
 * What gets names of what a stack builds: of what it uses from another stack that one gives names.
 *
 * @param checked by layer that is built here, its digest
 * @throws InputError for a version of what is not built here, and for a new one of what is not tested
 */
export function releasedBy<T>(
  checked: Readonly<Record<string, T>>,
  args: Pick<Settings, "registry" | "organisation" | "repository" | "versions"> & {
    readonly stack: string;
    readonly commits: Pick<Commits, "changed" | "branch"> | undefined;
    readonly previous: Pick<PreviousReleases, "tags">;
    /** Versions of layers of which the state knows nothing. @default none */
    readonly adopted?: ReadonlyMap<string, Readonly<Record<string, string>>> | undefined;
    /** The layers that have tests of which none is run. @default none */
    readonly untested?: ReadonlySet<string>;
  },
): ReleasedLayer<T>[] {
  const { stack, commits, previous, repository, versions } = args;
  const unknown = Object.keys(versions).find((name) => !(name in checked));
  if (unknown !== undefined) {
    throw new InputError(
      `strata:versions.${unknown}`,
      `this stack builds no layer of that name; remove it: pulumi config rm --path 'strata:versions["${unknown}"]'`,
    );
  }
  return Object.entries(checked).map(([name, digest]) => {
    const place = placeOf(repository, { ...args, name });
    const known = args.adopted?.get(name) ?? versionsIn(previous.tags.get(name), place.repository);
    const version = versions[name];
    // What has a version may be promoted, and gone back to, for ever.
    if (version !== undefined && !(version in known) && args.untested?.has(name)) {
      throw new InputError(
        `strata:versions.${name}`,
        `${name} has tests, and strata:tests runs none, so that it cannot be ${version}; run them: pulumi config set --stack ${stack} strata:tests all`,
      );
    }
    return {
      ...{ name, digest, held: false, shared: false },
      ...place,
      commit: commits?.changed.get(name),
      branch: commits?.branch,
      pullRequest: pullRequestOf(stack),
      version,
      versions: known,
    };
  });
}

/** What a stack tells of its layers, with the versions that it has given. */
export function withVersions(
  layers: pulumi.Output<Record<string, LayerOutput>>,
  { versions }: Release,
): pulumi.Output<Record<string, LayerOutput>> {
  if (Object.keys(versions).length === 0) return layers;
  const told = pulumi.output(versions) as unknown as pulumi.Output<Record<string, Record<string, string>>>;
  return pulumi
    .all([layers, told])
    .apply(([layers, versions]) =>
      Object.fromEntries(
        Object.entries(layers).map(([name, layer]) => [
          name,
          versions[name] ? { ...layer, versions: versions[name] } : layer,
        ]),
      ),
    );
}

/**
 * The versions of a layer that came with an image from another stack, beside those that were known.
 *
 * @throws InputError for one that another image has here
 */
export function versionsWith(
  layer: string,
  known: Readonly<Record<string, string>>,
  offered: Readonly<Record<string, string>>,
  digest: string,
): Record<string, string> {
  const versions = { ...known };
  for (const [version, of] of Object.entries(offered)) {
    if (of !== digest) continue;
    const other = versions[version] ?? digest;
    if (other !== digest) {
      throw new InputError(
        "strata:promoteFrom",
        `version ${version} of ${layer} is ${other} here, and there ${digest}; hold ${layer} (strata:hold), or release it there under another version`,
      );
    }
    versions[version] = digest;
  }
  return versions;
}
