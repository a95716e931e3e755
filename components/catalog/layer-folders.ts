import { join } from "node:path";
import type { Catalog, CatalogLayer } from "./catalog";
import { disk, type FileSystem } from "./file-system";
import { layerName } from "./image-name";
import { InputError } from "./input-error";

/**
 * The names of the folders that are layers, sorted.
 *
 * @param isThere whether a Dockerfile counts; by default any that is on disk does
 * @throws InputError for a family without any
 */
export function layerFolders(
  imagesFolder: string,
  isThere: (file: string) => boolean = () => true,
  system: FileSystem = disk,
): string[] {
  if (system.kindOf(imagesFolder) !== "folder") {
    throw new InputError(imagesFolder, "no such folder; make it, or set strata:images to the folder of the family");
  }
  const isDockerfile = (file: string) => system.kindOf(file) !== undefined && isThere(file);
  const names = [...system.list(imagesFolder)]
    .filter(([name, kind]) => kind === "folder" && isDockerfile(join(imagesFolder, name, "Dockerfile")))
    .map(([name]) => name)
    .sort();
  if (names.length === 0) throw new InputError(imagesFolder, "has no folder with a Dockerfile; add one for each image");
  return names;
}

/** What is wrong with the names: a registry would not take one, or a file system that ignores case takes two for one. */
export function wrongNames(names: readonly string[], imagesFolder: string): InputError[] {
  const seen = new Map<string, string>();
  return names.flatMap((name) => {
    const folder = join(imagesFolder, name);
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other)
      return [new InputError(folder, `differs from ${other} in upper and lower case only; rename one of the two`)];
    if (layerName.test(name) && name !== "scratch") return [];
    const rule = "use lower-case letters and digits, joined by single dots, underscores or hyphens";
    return [new InputError(folder, `is no name for a repository; ${rule}`)];
  });
}

/**
 * Each layer after all that it needs. A name that closes a circle is taken out of a layer's parents.
 *
 * @param report told of each circle
 */
export function inBuildOrder(
  layers: ReadonlyMap<string, CatalogLayer>,
  report: (file: string, problem: string) => void,
): Catalog {
  const ordered = new Map<string, CatalogLayer>();
  const visit = (name: string, path: readonly string[]) => {
    if (ordered.has(name)) return;
    const layer = layers.get(name) as CatalogLayer;
    const below = [...path, name];
    const open = layer.layers.filter((parent) => {
      if (!below.includes(parent)) return true;
      const circle = [...below.slice(below.indexOf(parent)), parent].join(" → ");
      report(
        layer.dockerfilePath,
        `layers need each other in a circle: ${circle}; take one FROM or --from of these out`,
      );
      return false;
    });
    for (const parent of open) visit(parent, below);
    ordered.set(name, open.length === layer.layers.length ? layer : { ...layer, layers: open });
  };
  for (const name of layers.keys()) visit(name, []);
  return [...ordered.values()];
}
