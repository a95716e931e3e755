import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import type { Catalog, CatalogLayer } from "./catalog/catalog";
import { filesText } from "./catalog/files";
import { InputError } from "./catalog/input-error";
import { labelsOf } from "./catalog/labels";
import { stageLayer } from "./catalog/stage";
import { standInsBeneath } from "./catalog/stand-ins";
import { type BuildArgs, Layer } from "./layer";
import { placeOf } from "./naming";
import type { BuildRecord } from "./previous-builds";
import { Upstream } from "./upstream";

export interface FamilyArgs extends Omit<BuildArgs, "platforms"> {
  readonly catalog: Catalog;
  /** Host, and port where it needs one. @example "ghcr.io" */
  readonly registry: string;
  /** The path of the repositories in the registry. @example "acme" */
  readonly organisation: string;
  /** @example "{registry}/{organisation}/{name}" */
  readonly repository: string;
  /** Where contexts are staged: a path relative to the project. @example ".strata/contexts" */
  readonly staging: string;
  /** Of every image, beside those that Strata gives. */
  readonly labels: Readonly<Record<string, string>>;
  /** For RUN --mount=type=secret: id → value. */
  readonly secrets: pulumi.Output<Readonly<Record<string, string>>>;
  readonly builds: Builds;
}

/** What a stack tells of each layer: all that other stacks and verbs may read. */
export interface LayerOutput extends BuildRecord {
  readonly ref: string;
  readonly digest: string;
  readonly buildId: string;
  readonly platforms: readonly string[];
  /** The upstreams beneath for which a stand-in was used; an image with any must not leave the stack `local`. */
  readonly standIn: readonly string[];
}

/** All layers of a catalog, each built on the digests of those beneath it. */
export class Family extends pulumi.ComponentResource {
  readonly layers: pulumi.Output<Record<string, LayerOutput>>;

  constructor(name: string, args: FamilyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("strata:image:Family", name, {}, opts);
    for (const upstream of upstreamsOf(args.catalog)) new Upstream(upstream, { parent: this });
    const made = new Map<string, Layer>();
    const standIns = standInsBeneath(args.catalog);
    const standInsOf = (layer: string) => standIns.get(layer) ?? [];
    for (const entry of args.catalog) {
      made.set(entry.name, this.makeLayer(entry, standInsOf(entry.name), args, made));
    }
    const outputs: Record<string, pulumi.Output<LayerOutput>> = {};
    for (const { name: layer, platforms } of args.catalog) {
      const { ref, digest, buildId, record } = made.get(layer) as Layer;
      const standIn = standInsOf(layer);
      outputs[layer] = pulumi
        .all([ref, digest, buildId, record])
        .apply(([ref, digest, buildId, record]) => ({ ref, digest, buildId, platforms, standIn, ...record }));
    }
    this.layers = pulumi.output(outputs);
    this.registerOutputs({});
  }

  private makeLayer(
    entry: CatalogLayer,
    standIns: readonly string[],
    args: FamilyArgs,
    made: ReadonlyMap<string, Layer>,
  ): Layer {
    const { name, secrets } = entry;
    const { context, dockerfile } = stageLayer(entry, args.staging);
    const parents = Object.fromEntries(entry.layers.map((parent) => [parent, made.get(parent) as Layer]));
    const upstreams = Object.fromEntries(entry.upstreams.map((upstream) => [upstream.name, upstream]));
    return new Layer(
      name,
      {
        builder: args.builder,
        platforms: entry.platforms,
        compression: args.compression,
        ...placeOf(args.repository, { ...args, name: entry.name }),
        context,
        dockerfilePath: dockerfile,
        files: filesText(entry.files),
        dockerfile: entry.dockerfile,
        arguments: entry.arguments,
        rebuild: entry.rebuild,
        parents,
        upstreams,
        base: entry.base,
        labels: labelsOf({ ...entry, standIns }, args.labels),
        secrets: args.secrets.apply((values) => secretsFor(entry, values)),
        secretIds: secrets.map(({ id }) => id),
        cached: entry.runsCommands,
        builds: args.builds,
      },
      { parent: this },
    );
  }
}

/** Each once, by name. */
function upstreamsOf(catalog: Catalog) {
  return new Map(catalog.flatMap(({ upstreams }) => upstreams.map((upstream) => [upstream.name, upstream]))).values();
}

/** @throws InputError for one that is not configured and that a step cannot do without */
function secretsFor({ dockerfilePath, secrets }: CatalogLayer, values: Readonly<Record<string, string>>) {
  const wanted: Record<string, string> = {};
  for (const { id, required, line } of secrets) {
    const value = values[id];
    if (value !== undefined) wanted[id] = value;
    else if (required) {
      throw new InputError(
        `${dockerfilePath}:${line}`,
        `needs the secret ${id}; set it with: pulumi config set --secret --path 'strata:secrets["${id}"]'`,
      );
    }
  }
  return wanted;
}
