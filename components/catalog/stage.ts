import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { CatalogLayer } from "./catalog";

/**
 * 2020-01-01T00:00:00Z in seconds. Every file of an image is as old as this at most, so that the same contents have the
 * same digest whenever and wherever they are built.
 */
export const sourceDateEpoch = 1577836800;

/**
 * Lays out the context of one layer, replacing what was there: just the files that count, with modes 0644 and 0755
 * whatever the umask, and the Dockerfile beside them.
 *
 * The docker-build provider hashes modes and whatever else lies in a context, so that a checkout under another umask
 * would be rebuilt; in a staged context there is nothing else.
 *
 * @param folder where to; a path that is the same on every machine, since it becomes an input of the Image
 */
export function stageContext(layer: CatalogLayer, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const made = new Set<string>();
  const makeFolder = (path: string) => {
    if (made.has(path)) return;
    if (path !== folder) makeFolder(dirname(path));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    made.add(path);
  };
  makeFolder(folder);
  writeFileSync(join(folder, "Dockerfile"), layer.dockerfile);
  chmodSync(join(folder, "Dockerfile"), 0o644);
  for (const file of layer.files) {
    const target = join(folder, file.path);
    makeFolder(dirname(target));
    if (file.mode === "link") {
      symlinkSync(readlinkSync(join(layer.folder, file.path)), target);
      continue;
    }
    copyFileSync(join(layer.folder, file.path), target);
    chmodSync(target, Number.parseInt(file.mode, 8));
    utimesSync(target, sourceDateEpoch, sourceDateEpoch);
  }
}
