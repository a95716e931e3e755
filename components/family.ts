import * as pulumi from "@pulumi/pulumi";
import type { Catalog, CatalogLayer } from "./catalog/catalog";
import { filesText } from "./catalog/files";
import { stageLayer } from "./catalog/stage";
import { type BuildArgs, Layer, type Parent } from "./layer";

export interface FamilyArgs extends BuildArgs {
  readonly catalog: Catalog;
  /** Host, and port where it needs one. @example "ghcr.io" */
  readonly registry: string;
  /** The path of the repositories in the registry. @example "acme" */
  readonly organisation: string;
  /** Where contexts are staged: a path relative to the project. @example ".strata/contexts" */
  readonly staging: string;
}

/** What a stack tells of each layer: all that other stacks and verbs may read. */
export interface LayerOutput {
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
    const made = new Map<string, { layer: Layer; standIns: readonly string[] }>();
    for (const entry of args.catalog) {
      const standIns = standInsBeneath(entry, (parent) => made.get(parent)?.standIns ?? []);
      made.set(entry.name, {
        layer: this.makeLayer(entry, standIns, args, (parent) => made.get(parent)?.layer),
        standIns,
      });
    }
    const outputs = [...made].map(
      ([layerName, { layer, standIns }]) =>
        [
          layerName,
          {
            ref: layer.ref,
            digest: layer.digest,
            buildId: layer.buildId,
            platforms: args.platforms,
            standIn: standIns,
          },
        ] as const,
    );
    this.layers = pulumi.output(Object.fromEntries(outputs));
    this.registerOutputs({});
  }

  private makeLayer(
    entry: CatalogLayer,
    standIns: readonly string[],
    args: FamilyArgs,
    layerOf: (name: string) => Layer | undefined,
  ): Layer {
    const { context, dockerfile } = stageLayer(entry, args.staging);
    const parents: Record<string, Parent> = {};
    for (const upstream of entry.upstreams) parents[upstream.name] = upstream;
    for (const parent of entry.layers) parents[parent] = layerOf(parent) as Layer;
    return new Layer(
      entry.name,
      {
        builder: args.builder,
        platforms: args.platforms,
        compression: args.compression,
        repository: `${args.registry}/${args.organisation}/${entry.name}`,
        context,
        dockerfilePath: dockerfile,
        files: filesText(entry.files),
        dockerfile: entry.dockerfile,
        parents,
        base: entry.base,
        cached: entry.runsSteps,
        standIns,
      },
      { parent: this },
    );
  }
}

function standInsBeneath(entry: CatalogLayer, standInsOf: (layer: string) => readonly string[]): string[] {
  const own = entry.upstreams.filter((upstream) => upstream.standIn).map((upstream) => upstream.name);
  return [...new Set([...own, ...entry.layers.flatMap(standInsOf)])].sort();
}
