import { relative } from "node:path";
import { literal } from "./bake-text";
import type { Catalog, CatalogLayer } from "./catalog";
import { labelsOf } from "./labels";
import { standInsBeneath } from "./stand-ins";

/** A docker-bake file (docs.docker.com/build/bake/reference), as JSON. */
export interface BakeFile {
  readonly group: { readonly default: { readonly targets: readonly string[] } };
  readonly target: Readonly<Record<string, BakeTarget>>;
}

export interface BakeTarget {
  readonly context: string;
  readonly dockerfile: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  readonly "extra-hosts"?: Readonly<Record<string, string>>;
  readonly secret?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/**
 * The family as a docker-bake file, with which plain buildx builds any layer and what is beneath it, labels included but for the
 * digest of what an image stands on, which nobody knows before.
 *
 * @param folder what paths are to be relative to
 * @param labels of every image, as configured
 */
export function bakeFile(catalog: Catalog, folder = ".", labels: Readonly<Record<string, string>> = {}): BakeFile {
  const standIns = standInsBeneath(catalog);
  const target = Object.fromEntries(
    catalog.map((layer) => [targetName(layer.name), bakeTarget(layer, standIns.get(layer.name) ?? [], folder, labels)]),
  );
  return literal({ group: { default: { targets: Object.keys(target) } }, target });
}

function bakeTarget(
  layer: CatalogLayer,
  standIns: readonly string[],
  folder: string,
  labels: Readonly<Record<string, string>>,
): BakeTarget {
  const parents = layer.layers.map((parent) => [parent, `target:${targetName(parent)}`]);
  const secrets = layer.secrets.filter(({ required }) => required).map(({ id }) => `id=${id}`);
  const upstreams = layer.upstreams.map(({ name, ref }) => [name, `docker-image://${ref}`]);
  return {
    context: folder === "." ? layer.context : relative(folder, layer.context) || ".",
    dockerfile: relative(layer.context, layer.dockerfilePath),
    contexts: Object.fromEntries([...parents, ...upstreams]),
    ...(Object.keys(layer.arguments).length > 0 ? { args: layer.arguments } : {}),
    platforms: layer.platforms,
    // As in a stack: with another name for an address no step is found in a cache.
    ...(layer.rebuild > 0 ? { "extra-hosts": { [`rebuild-${layer.rebuild}`]: "127.0.0.1" } } : {}),
    // buildx takes each from the variable of its name, and fails where there is none.
    ...(secrets.length > 0 ? { secret: secrets } : {}),
    labels: labelsOf({ ...layer, standIns }, labels),
    tags: [layer.name],
  };
}

/** Bake allows letters, digits, `_` and `-` in a target's name. A layer's name has no upper-case letters, so none collide. */
function targetName(layer: string): string {
  return layer.replaceAll(".", "D");
}
