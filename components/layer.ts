import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import { buildArguments, rebuildHost } from "./catalog/build-arguments";
import { buildId, type Ingredients, optionsOf } from "./catalog/build-id";
import type { CatalogLayer, Timestamps } from "./catalog/catalog";
import { layerInputs } from "./catalog/layer-inputs";
import type { Digests } from "./catalog/reasons";
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

/** A layer that another one's Dockerfile names. */
export interface Parent {
  /** Where the builder gets it. */
  readonly repository: string;
  readonly digest: pulumi.Output<string>;
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
  readonly timestamps: Timestamps;
  /** A number that was raised to have the steps run again; 0 for none. */
  readonly rebuild: number;
  /** The layers beneath, by the name that the Dockerfile uses. @example { base: { repository, digest } } */
  readonly parents: Readonly<Record<string, Parent>>;
  /** The upstreams beneath, by the name that the Dockerfile uses. `ref` is `repository@sha256:…`, where the builder gets it. */
  readonly upstreams: Readonly<Record<string, { readonly ref: string; readonly digest: string }>>;
  /** What the image itself stands on, a key of `parents` or `upstreams`; undefined for `scratch`. */
  readonly base: string | undefined;
  /** Those of `parents` that its stages build upon. */
  readonly stageBases: readonly string[];
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

/** A layer whose parents are known. */
interface Begun {
  readonly buildId: string;
  /** `repository:tag` */
  readonly tag: string;
  /** Where what it stands on is, `repository@sha256:…`; empty for `scratch`. */
  readonly base: string;
  /** The digests of all that it is built on. */
  readonly parents: Digests;
  /** When its build's turn came: milliseconds, as `Date.now()`; undefined where it stays as it is. */
  readonly began: number | undefined;
}

/** What is told of a layer whose image is there. */
export interface Built {
  readonly digest: string;
  /** `repository@sha256:…` */
  readonly ref: string;
  readonly buildId: string;
  readonly record: BuildRecord;
  /** Whether it is still the image of before though it changes, as in an update that has other targets. */
  readonly leftOut: boolean;
}

/**
 * One image of the family, built from its parents' digests and pushed under a tag that its contents give.
 *
 * Its inputs are what the image is made of: its files, its Dockerfile, its parents' digests, and how it is built. So the
 * plan itself says why a layer changes: `[diff: ~files]`, `[diff: ~parents]`. They hold no registry and no path.
 */
export class Layer extends pulumi.ComponentResource {
  readonly repository: string;
  /** `sha256:…`, of the image's index. */
  readonly digest: pulumi.Output<string>;
  /** What an update knows of its build before it is done. */
  readonly begun: pulumi.Output<Begun>;
  readonly built: pulumi.Output<Built>;

  constructor(name: string, args: LayerArgs, opts?: pulumi.ComponentResourceOptions) {
    const parents = digestsOf(args.parents);
    const upstreams = digestsOf(args.upstreams);
    const { builds } = args;
    super("strata:image:Layer", name, layerInputs({ ...args, parents, upstreams, secretIds: secretIdsOf(args) }), opts);
    this.repository = args.repository;
    const made = pulumi.output({ ...upstreams, ...parents }).apply((parents) => {
      const id = buildId({ ...ingredientsOf(args), parents });
      return { buildId: id, tag: `${args.repository}:${args.tagPrefix}b-${id}`, base: baseIn(args, parents), parents };
    });
    const ended = new Ending();
    this.begun = made.apply(async (made) => {
      const willBuild = await builds.willBuild(name, { tag: made.tag, builder: args.builder, context: args.context });
      if (!willBuild) return { ...made, began: undefined };
      const began = await builds.begin(args.planned(), ended.promise);
      await Promise.all(sentWith(args, made.parents).map((beneath) => builds.mount(name, beneath, args.repository)));
      return { ...made, began };
    });
    // A preview needs nobody's turn, and saves the time that it takes to know of the last one.
    const due: pulumi.Output<{ tag: string }> = pulumi.runtime.isDryRun() ? made : this.begun;
    const image = new dockerbuild.Image(
      name,
      this.imageArgs(
        args,
        due.apply(({ tag }) => tag),
      ),
      {
        parent: this,
        // Deleting would remove the manifest by digest, and with it every other tag that names it.
        retainOnDelete: true,
        // BuildKit waits for ever where a registry takes a request and never answers it.
        customTimeouts: { create: args.timeout, update: args.timeout },
        transformations: [onlyGiven],
        // It says less than `files` does, and says nothing true of a context that a preview left empty (docs/decisions/0002-staged-contexts.md).
        hideDiffs: ["contextHash"],
      },
    );
    ended.follow(image.digest);
    this.digest = image.digest.apply(known);
    this.built = pulumi.all([this.digest, this.begun, image.tags]).apply(async ([digest, begun, tags]) => {
      const { buildId, tag, ...rest } = begun;
      const ref = `${args.repository}@${digest}`;
      const leftOut = tags?.[0] !== tag;
      return {
        digest,
        ref,
        buildId: leftOut ? (/b-([0-9a-f]{64})$/.exec(tags?.[0] ?? "")?.[1] ?? "") : buildId,
        leftOut,
        record: await builds.recordOf(name, {
          ...rest,
          ref,
          sized: args.sized,
          timed: args.timestamps !== undefined,
          leftOut,
        }),
      };
    });
    this.registerOutputs({
      digest: this.digest,
      ref: this.digest.apply((digest) => `${args.repository}@${digest}`),
      buildId: made.apply(({ buildId }) => buildId),
      record: this.built.apply(({ record }) => record),
    });
  }

  private imageArgs(args: LayerArgs, tag: pulumi.Output<string>): dockerbuild.ImageArgs {
    const { compression } = args;
    const secretIds = Object.keys(args.secrets);
    return {
      builder: { name: args.builder },
      context: { location: args.context, named: namedContexts(args) },
      dockerfile: { location: args.dockerfilePath },
      platforms: [...args.platforms] as dockerbuild.Platform[],
      buildArgs: { ...buildArguments, ...args.arguments },
      ...(args.rebuild > 0 ? { addHosts: [rebuildHost(args.rebuild).join(":")] } : {}),
      // A secret that is rotated changes no image; the next build that has a reason of its own gets the new one.
      ...(secretIds.length > 0 ? { secrets: args.secrets, ignoreSecretsInDiffCalculation: secretIds } : {}),
      labels: { ...args.labels, ...baseDigest(args) },
      tags: [tag],
      exports: [{ raw: exportOf(args) }],
      push: false,
      // A preview must not build: in a chain, the parents' new digests do not exist yet.
      buildOnPreview: false,
      ...(args.cached ? cacheIn(cacheOf(args), compression) : {}),
    };
  }
}

/** What the image is made of, without what is beneath it. */
export function ingredientsOf(args: LayerArgs): Omit<Ingredients, "parents"> {
  const { files, dockerfile, platforms, rebuild, compression, timestamps, labels } = args;
  const options = optionsOf({ compression, timestamps, labels, secretIds: secretIdsOf(args) });
  return { files, dockerfile, arguments: { ...buildArguments, ...args.arguments }, platforms, rebuild, options };
}

function secretIdsOf({ secrets }: LayerArgs): string[] {
  return Object.keys(secrets).sort();
}

function digestsOf<T>(images: Readonly<Record<string, { readonly digest: T }>>): Record<string, T> {
  return Object.fromEntries(Object.entries(images).map(([name, { digest }]) => [name, digest]));
}

/**
 * rewrite-timestamp with SOURCE_DATE_EPOCH makes equal contents equal bytes. It reads and compresses all that a layer adds to its base, and leaves
 * an annotation on each filesystem layer (docs/decisions/0023-constant-timestamps.md).
 */
function exportOf({ compression, timestamps }: LayerArgs): string {
  const rewritten = timestamps === "constant" ? [] : ["rewrite-timestamp=true"];
  return ["type=registry", ...rewritten, "oci-mediatypes=true", `compression=${compression}`].join();
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
    // The provider (docker-build 0.0.22) leaves a compression out that comes without a level; 3 is what BuildKit takes by itself.
    ...(compression === "zstd" ? { compression, compressionLevel: 3 } : {}),
  };
  return { cacheFrom: [{ registry: { ref } }], cacheTo: [{ registry: written }] };
}

/** Only what the Dockerfile names: a named context silently replaces a stage of that name. */
function namedContexts({ upstreams, parents }: LayerArgs) {
  const named: Record<string, { location: pulumi.Input<string> }> = {};
  for (const [name, { ref }] of Object.entries(upstreams)) named[name] = { location: `docker-image://${ref}` };
  for (const [name, { repository, digest }] of Object.entries(parents)) {
    named[name] = { location: digest.apply((digest) => `docker-image://${repository}@${digest}`) };
  }
  return named;
}

function baseDigest({ base, parents, upstreams }: LayerArgs): Record<string, pulumi.Input<string>> {
  const found = base === undefined ? undefined : (parents[base] ?? upstreams[base]);
  return found ? { "org.opencontainers.image.base.digest": found.digest } : {};
}

/**
 * The layers beneath whose contents are sent along, each as `repository@sha256:…`: the base's with the image, and with the cache those of all that
 * stages build upon.
 */
function sentWith({ base, cached, stageBases, parents }: LayerArgs, digests: Digests): string[] {
  return Object.entries(parents)
    .filter(([name]) => name === base || (cached && stageBases.includes(name)))
    .map(([name, { repository }]) => `${repository}@${digests[name]}`);
}

/** @returns `repository@sha256:…`; empty for `scratch` */
function baseIn({ base, parents, upstreams }: LayerArgs, digests: Digests): string {
  if (base === undefined) return "";
  const parent = parents[base];
  return parent ? `${parent.repository}@${digests[base]}` : (upstreams[base]?.ref ?? "");
}

function known(digest: string): string {
  if (digest !== "") return digest;
  throw new Error("docker-build gave no digest; this is a fault of Strata, whose tag must change with every build");
}

/**
 * Makes no outputs of the inputs that an image is not given, most of the two dozen: a resource has one for each of its properties,
 * and a family of hundreds spends more on them than on all else.
 */
export function onlyGiven({ props, opts }: pulumi.ResourceTransformationArgs): pulumi.ResourceTransformationResult {
  const given = Object.entries(props).filter(([name, value]) => value !== undefined || outputs.has(name));
  return { props: Object.fromEntries(given), opts };
}

/** Those of an image's outputs that are no inputs, and that somebody reads. */
const outputs: ReadonlySet<string> = new Set(["digest", "contextHash"]);
