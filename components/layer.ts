import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { buildArguments } from "./catalog/build-arguments";
import { buildId } from "./catalog/build-id";
import { standInLabel } from "./catalog/stand-ins";
import type { ImagePlace } from "./naming";

/** How every layer of a stack is built. */
export interface BuildArgs {
  /** The buildx builder. @example "strata-local" */
  readonly builder: string;
  /** @example ["linux/amd64", "linux/arm64"] */
  readonly platforms: readonly string[];
  /** Of filesystem layers and of the cache; gzip is for engines before Docker 23. */
  readonly compression: "zstd" | "gzip";
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
  /** Whether to keep a build cache in the registry, under the tag `cache`. A build that runs nothing gains nothing from it. */
  readonly cached: boolean;
  /** The upstreams beneath, at any depth, for which a stand-in was used. Empty for none. */
  readonly standIns: readonly string[];
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
  readonly platforms: readonly string[];

  constructor(name: string, args: LayerArgs, opts?: pulumi.ComponentResourceOptions) {
    const parents = digestsOf(args.parents);
    const upstreams = digestsOf(args.upstreams);
    const { files, dockerfile, platforms, rebuild, compression, base = "", standIns } = args;
    super(
      "strata:image:Layer",
      name,
      {
        files,
        dockerfile,
        platforms,
        compression,
        // Absent where they say nothing, so that most layers' inputs stay small.
        ...(Object.keys(parents).length > 0 ? { parents } : {}),
        ...(Object.keys(upstreams).length > 0 ? { upstreams } : {}),
        ...(Object.keys(args.arguments).length > 0 ? { arguments: args.arguments } : {}),
        ...(rebuild > 0 ? { rebuild } : {}),
      },
      opts,
    );
    this.platforms = platforms;

    const options = { compression, title: name, base, standIns: standIns.join(" ") };
    const given = { ...buildArguments, ...args.arguments };
    this.buildId = pulumi
      .output({ ...upstreams, ...parents })
      .apply((digests) =>
        buildId({ files, dockerfile, arguments: given, platforms, rebuild, parents: digests, options }),
      );
    const image = new dockerbuild.Image(name, this.imageArgs(name, args), {
      parent: this,
      // Deleting would remove the manifest by digest, and with it every other tag that names it.
      retainOnDelete: true,
    });
    this.digest = image.digest.apply(known);
    this.ref = pulumi.interpolate`${args.repository}@${this.digest}`;
    this.registerOutputs({ digest: this.digest, ref: this.ref, buildId: this.buildId });
  }

  private imageArgs(name: string, args: LayerArgs): dockerbuild.ImageArgs {
    const { repository, tagPrefix, compression } = args;
    return {
      builder: { name: args.builder },
      context: { location: args.context, named: namedContexts({ ...args.upstreams, ...args.parents }) },
      dockerfile: { location: args.dockerfilePath },
      platforms: [...args.platforms] as dockerbuild.Platform[],
      buildArgs: { ...buildArguments, ...args.arguments },
      // A name for an address in /etc/hosts of the steps, which no image gets to see: with another one BuildKit finds no step in
      // its caches, and runs them all.
      ...(args.rebuild > 0 ? { addHosts: [`rebuild-${args.rebuild}:127.0.0.1`] } : {}),
      labels: labelsOf(name, args),
      tags: [pulumi.interpolate`${repository}:${tagPrefix}b-${this.buildId}`],
      // rewrite-timestamp with SOURCE_DATE_EPOCH makes equal contents equal bytes. Layers of upstreams stay as they are.
      exports: [{ raw: `type=registry,rewrite-timestamp=true,oci-mediatypes=true,compression=${compression}` }],
      push: false,
      // A preview must not build: in a chain, the parents' new digests do not exist yet.
      buildOnPreview: false,
      ...(args.cached ? cacheIn(`${repository}:${tagPrefix}cache`, compression) : {}),
    };
  }
}

function digestsOf(parents: Readonly<Record<string, Parent>>): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(Object.entries(parents).map(([name, parent]) => [name, parent.digest]));
}

function cacheIn(ref: string, compression: BuildArgs["compression"]) {
  const written: dockerbuild.types.input.CacheToRegistryArgs = {
    ref,
    mode: "max",
    imageManifest: true,
    ociMediaTypes: true,
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

/** No time and no commit: a label that changes would change the digest of what did not. */
function labelsOf(name: string, args: LayerArgs): Record<string, pulumi.Input<string>> {
  const base = args.base === undefined ? undefined : (args.parents[args.base] ?? args.upstreams[args.base]);
  return {
    "org.opencontainers.image.title": name,
    ...(base && args.base
      ? { "org.opencontainers.image.base.name": args.base, "org.opencontainers.image.base.digest": base.digest }
      : {}),
    ...(args.standIns.length > 0 ? { [standInLabel]: args.standIns.join(" ") } : {}),
  };
}

function known(digest: string): string {
  if (digest !== "") return digest;
  throw new Error("docker-build gave no digest; this is a fault of Strata, whose tag must change with every build");
}
