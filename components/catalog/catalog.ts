import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ContextFile, readContextFiles } from "./files";
import { InputError } from "./input-error";
import { type References, readReferences } from "./references";
import type { Upstream } from "./upstreams";

/** One image of the family: a folder with a Dockerfile. */
export interface CatalogLayer {
  /** The folder's name, which is also the name other Dockerfiles use. */
  readonly name: string;
  readonly folder: string;
  readonly dockerfile: string;
  readonly files: readonly ContextFile[];
  /** The layers beneath, by name, sorted. */
  readonly layers: readonly string[];
  /** The upstreams beneath, sorted by name. */
  readonly upstreams: readonly Upstream[];
  /** Whether its build runs anything, so that a cache is worth its upload. */
  readonly runsSteps: boolean;
  /** What the image itself stands on: a layer's or an upstream's name; undefined for `scratch`. */
  readonly base: string | undefined;
}

/** The family: each layer after all that it needs. */
export type Catalog = readonly CatalogLayer[];

/** What the OCI distribution specification allows as one part of a repository's name. */
const layerName = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/**
 * Reads a family from its folder: every folder in it with a Dockerfile is a layer.
 *
 * @param imagesFolder for example `images`
 * @param upstreams the pinned upstreams by name
 * @throws InputError for a folder that is missing or empty, a name that no registry would take, an image that is neither
 *   a layer nor pinned, and layers that need each other in a circle
 */
export function readCatalog(imagesFolder: string, upstreams: ReadonlyMap<string, Upstream>, pinsFile: string): Catalog {
  const names = layerFolders(imagesFolder);
  const layers = new Map(names.map((name) => [name, readLayer(imagesFolder, name, names, upstreams, pinsFile)]));
  return inBuildOrder(layers, imagesFolder);
}

function layerFolders(imagesFolder: string): string[] {
  if (!existsSync(imagesFolder)) {
    throw new InputError(imagesFolder, "no such folder; make it, or set strata:images to the folder of the family");
  }
  const names = readdirSync(imagesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(imagesFolder, entry.name, "Dockerfile")))
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) throw new InputError(imagesFolder, "has no folder with a Dockerfile; add one for each image");
  for (const name of names) {
    if (layerName.test(name)) continue;
    throw new InputError(
      join(imagesFolder, name),
      "is no name for a repository; use lower-case letters and digits, joined by single dots, underscores or hyphens",
    );
  }
  return names;
}

function readLayer(
  imagesFolder: string,
  name: string,
  names: readonly string[],
  upstreams: ReadonlyMap<string, Upstream>,
  pinsFile: string,
): CatalogLayer {
  const folder = join(imagesFolder, name);
  const file = join(folder, "Dockerfile");
  const dockerfile = readFileSync(file, "utf8");
  const references = readReferences(dockerfile, file);
  return {
    name,
    folder,
    dockerfile,
    files: readContextFiles(folder),
    layers: references.images.map((image) => image.name).filter((image) => names.includes(image)),
    upstreams: upstreamsOf(references, names, upstreams, file, pinsFile),
    runsSteps: references.runsSteps,
    base: references.base,
  };
}

function upstreamsOf(
  references: References,
  names: readonly string[],
  upstreams: ReadonlyMap<string, Upstream>,
  file: string,
  pinsFile: string,
): Upstream[] {
  return references.images
    .filter((image) => !names.includes(image.name))
    .map((image) => {
      const upstream = upstreams.get(image.name);
      if (upstream) return upstream;
      throw new InputError(
        `${file}:${image.line}`,
        `"${image.name}" is neither a layer (${names.join(", ")}) nor pinned; correct the name, or pin it in ${pinsFile}`,
      );
    });
}

function inBuildOrder(layers: ReadonlyMap<string, CatalogLayer>, imagesFolder: string): Catalog {
  const ordered = new Set<CatalogLayer>();
  const visit = (layer: CatalogLayer, path: readonly string[]) => {
    if (ordered.has(layer)) return;
    if (path.includes(layer.name)) {
      const circle = [...path.slice(path.indexOf(layer.name)), layer.name].join(" → ");
      throw new InputError(
        join(imagesFolder, layer.name, "Dockerfile"),
        `layers need each other in a circle: ${circle}`,
      );
    }
    for (const parent of layer.layers) visit(layers.get(parent) as CatalogLayer, [...path, layer.name]);
    ordered.add(layer);
  };
  for (const layer of layers.values()) visit(layer, []);
  return [...ordered];
}
