import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import { buildArguments } from "./catalog/build-arguments";
import { buildId, type Ingredients } from "./catalog/build-id";
import type { CatalogLayer } from "./catalog/catalog";
import { Ending } from "./ending";
import type { ImagePlace } from "./naming";
import type { BuildRecord } from "./previous-builds";

/** How every layer of a stack is built. */
export interface BuildArgs {
  /** The buildx builder. @example "strata-local" */
  readonly builder: string;
  /** Sorted. @example ["linux/amd64", "linux/arm64"] */
  readonly platforms: readonly string[];
  /** Of filesystem layers and of the cache; gzip is for engines before Docker 23. */
  readonly compression: "zstd" | "gzip";
  /** The longest that a build and its push may take. @example "1h30m" */
  readonly timeout: string;
}

/** An image that a layer's Dockerfile names. */
export interface Parent {
  /** `repository@sha256:…`, where the builder gets it. */
  readonly ref: pulumi.Input<string>;
  readonly digest: pulumi.Input<string>;
}

export interface LayerArgs extends BuildArgs, ImagePlace {
  /** The staged context and the staged Dockerfile: paths relative to the project, the same on every machine. */
  readonly context: string;
  readonly dockerfilePath: string;
  /** What the build reads from its context: lines `hash mode path`. */
  readonly files: string;
  /** The Dockerfile's text, in its normal form. */
  readonly dockerfile: string;
  /** Values for ARGs of the Dockerfile. */
  readonly arguments: Readonly<Record<string, string>>;
  /** A number that was raised to have the steps run again; 0 for none. */
  readonly rebuild: number;
  /** The layers beneath, by the name that the Dockerfile uses. @example { base: { ref, digest } } */
  readonly parents: Readonly<Record<string, Parent>>;
  /** The upstreams beneath, by the name that the Dockerfile uses. */
  readonly upstreams: Readonly<Record<string, Parent>>;
  /** What the image itself stands on, a key of `parents` or `upstreams`; undefined for `scratch`. */
  readonly base: string | undefined;
  /** All labels but the digest of what the image stands on, which is known when that is built. */
  readonly labels: Readonly<Record<string, string>>;
  /** For RUN --mount=type=secret: id → value. Only what its steps mount. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Whether to keep a build cache in the registry, under the tag `cache`. A build that runs nothing gains nothing from it. */
  readonly cached: boolean;
  /** Whether what the image adds to its base must be known. */
  readonly sized: boolean;
  readonly builds: Builds;
  /** The layer in the catalog, and those above it: what a build of it most likely builds as well. */
  readonly planned: () => readonly CatalogLayer[];
}

/**
 * One image of the family, built from its parents' digests and pushed under a tag that its contents give.
 *
 * Its inputs are what the image is made of: its files, its Dockerfile, its parents' digests, and how it is built. So the
 * plan itself says why a layer changes: `[diff: ~files]`, `[diff: ~parents]`. They hold no registry and no path.
 */
export class Layer extends pulumi.ComponentResource {
  /** `sha256:…`, of the image's index. */
  readonly digest: pulumi.Output<string>;
  /** `repository@sha256:…` */
  readonly ref: pulumi.Output<string>;
  readonly buildId: pulumi.Output<string>;
  /** When its build's turn came: milliseconds, as `Date.now()`; undefined where it stays as it is. */
  readonly began: pulumi.Output<number | undefined>;
  readonly record: pulumi.Output<BuildRecord>;
  /** Where what it stands on is, `repository@sha256:…`; empty for `scratch`. */
  readonly base: pulumi.Output<string>;

  constructor(name: string, args: LayerArgs, opts?: pulumi.ComponentResourceOptions) {
    const parents = digestsOf(args.parents);
    const upstreams = digestsOf(args.upstreams);
    const { files, dockerfile, platforms, rebuild, compression, builds, labels } = args;
    const secretIds = secretIdsOf(args);
    super(
      "strata:image:Layer",
      name,
      {
        files,
        dockerfile,
        platforms,
        compression,
        labels,
        // Absent where they say nothing, so that most layers' inputs stay small.
        ...(Object.keys(parents).length > 0 ? { parents } : {}),
        ...(Object.keys(upstreams).length > 0 ? { upstreams } : {}),
        ...(Object.keys(args.arguments).length > 0 ? { arguments: args.arguments } : {}),
        ...(rebuild > 0 ? { rebuild } : {}),
        ...(secretIds.length > 0 ? { secrets: secretIds } : {}),
      },
      opts,
    );
    const digests = pulumi.output({ ...upstreams, ...parents });
    this.buildId = digests.apply((parents) => buildId({ ...ingredientsOf(args), parents }));
    const tag = pulumi.interpolate`${args.repository}:${args.tagPrefix}b-${this.buildId}`;
    const ended = new Ending();
    this.began = tag.apply(async (contents) =>
      (await builds.willBuild(name, { tag: contents, builder: args.builder, context: args.context }))
        ? builds.begin(args.planned(), ended.promise)
        : undefined,
    );
    const image = new dockerbuild.Image(
      name,
      this.imageArgs(
        args,
        // A preview needs nobody's turn, and saves the time that it takes to know of the last one.
        pulumi.runtime.isDryRun() ? tag : pulumi.all([tag, this.began]).apply(([contents]) => contents),
      ),
      {
        parent: this,
        // Deleting would remove the manifest by digest, and with it every other tag that names it.
        retainOnDelete: true,
        // BuildKit waits for ever where a registry takes a request and never answers it.
        customTimeouts: { create: args.timeout, update: args.timeout },
      },
    );
    ended.follow(image.digest);
    this.digest = image.digest.apply(known);
    this.ref = pulumi.interpolate`${args.repository}@${this.digest}`;
    this.base = pulumi.output(baseOf(args)?.ref ?? "");
    this.record = pulumi
      .all([this.ref, this.began, this.base, digests])
      .apply(([ref, began, base, parents]) => builds.recordOf(name, { ref, began, base, parents, sized: args.sized }));
    this.registerOutputs({ digest: this.digest, ref: this.ref, buildId: this.buildId, record: this.record });
  }

  private imageArgs(args: LayerArgs, tag: pulumi.Output<string>): dockerbuild.ImageArgs {
    const { compression } = args;
    const secretIds = Object.keys(args.secrets);
    return {
      builder: { name: args.builder },
      context: { location: args.context, named: namedContexts({ ...args.upstreams, ...args.parents }) },
      dockerfile: { location: args.dockerfilePath },
      platforms: [...args.platforms] as dockerbuild.Platform[],
      buildArgs: { ...buildArguments, ...args.arguments },
      // A name for an address in /etc/hosts of the steps, which no image gets to see: with another one BuildKit finds no step in
      // its caches, and runs them all.
      ...(args.rebuild > 0 ? { addHosts: [`rebuild-${args.rebuild}:127.0.0.1`] } : {}),
      // A secret that is rotated changes no image; the next build that has a reason of its own gets the new one.
      ...(secretIds.length > 0 ? { secrets: args.secrets, ignoreSecretsInDiffCalculation: secretIds } : {}),
      labels: { ...args.labels, ...baseDigest(args) },
      tags: [tag],
      // rewrite-timestamp with SOURCE_DATE_EPOCH makes equal contents equal bytes. Layers of upstreams stay as they are.
      exports: [{ raw: `type=registry,rewrite-timestamp=true,oci-mediatypes=true,compression=${compression}` }],
      push: false,
      // A preview must not build: in a chain, the parents' new digests do not exist yet.
      buildOnPreview: false,
      ...(args.cached ? cacheIn(cacheOf(args), compression) : {}),
    };
  }
}

/** What the image is made of, without what is beneath it. */
export function ingredientsOf(args: LayerArgs): Omit<Ingredients, "parents"> {
  const { files, dockerfile, platforms, rebuild, compression, labels } = args;
  const options = {
    compression,
    ...prefixed("label:", labels),
    ...Object.fromEntries(secretIdsOf(args).map((id) => [`secret:${id}`, ""])),
  };
  return { files, dockerfile, arguments: { ...buildArguments, ...args.arguments }, platforms, rebuild, options };
}

/** Which secrets a step is given may change what it does; a value that is rotated does not. */
function secretIdsOf({ secrets }: LayerArgs): string[] {
  return Object.keys(secrets).sort();
}

function prefixed(prefix: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value]));
}

function digestsOf(parents: Readonly<Record<string, Parent>>): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(Object.entries(parents).map(([name, parent]) => [name, parent.digest]));
}

/** Where a layer's build cache is kept. */
export function cacheOf({ repository, tagPrefix }: ImagePlace): string {
  return `${repository}:${tagPrefix}cache`;
}

/** What a build reads its cache from, and writes it to. */
export function cacheIn(ref: pulumi.Input<string>, compression: BuildArgs["compression"]) {
  const written: dockerbuild.types.input.CacheToRegistryArgs = {
    ref,
    mode: "max",
    imageManifest: true,
    ociMediaTypes: true,
    // The image is what counts, and it is pushed by then.
    ignoreError: true,
    compression: compression as dockerbuild.CompressionType,
  };
  return { cacheFrom: [{ registry: { ref } }], cacheTo: [{ registry: written }] };
}

/** Only what the Dockerfile names: a named context silently replaces a stage of that name. */
function namedContexts(parents: Readonly<Record<string, Parent>>) {
  return Object.fromEntries(
    Object.entries(parents).map(([name, { ref }]) => [name, { location: pulumi.interpolate`docker-image://${ref}` }]),
  );
}

function baseDigest(args: LayerArgs): Record<string, pulumi.Input<string>> {
  const found = baseOf(args);
  return found ? { "org.opencontainers.image.base.digest": found.digest } : {};
}

function baseOf({ base, parents, upstreams }: LayerArgs): Parent | undefined {
  return base === undefined ? undefined : (parents[base] ?? upstreams[base]);
}

function known(digest: string): string {
  if (digest !== "") return digest;
  throw new Error("docker-build gave no digest; this is a fault of Strata, whose tag must change with every build");
}
