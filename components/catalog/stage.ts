import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { CatalogLayer } from "./catalog";
import { filesText } from "./files";

/**
 * 2020-01-01T00:00:00Z in seconds. Every file of an image is as old as this at most, so that the same contents have the
 * same digest whenever and wherever they are built.
 */
export const sourceDateEpoch = 1577836800;

/** Where a staged layer lies. The Dockerfile is not in the context, so that `COPY .` does not copy it. */
export interface StagedLayer {
  readonly context: string;
  readonly dockerfile: string;
}

/**
 * Lays out what one layer is built from: just the files that count, with modes 0644 and 0755 whatever the umask, and
 * the Dockerfile beside them.
 *
 * The docker-build provider hashes modes and whatever else lies in a context, so that a checkout under another umask
 * would be rebuilt; in a staged context there is nothing else. The folder has the name of its contents and is never
 * written again, so that a preview cannot change what a running build reads, and its path, which becomes an input of the
 * Image, is the same on every machine.
 *
 * @param staging a path relative to the project: `.strata/contexts`
 */
export function stageLayer(layer: CatalogLayer, staging: string): StagedLayer {
  const contents = createHash("sha256")
    .update(JSON.stringify([layer.dockerfile, filesText(layer.files)]))
    .digest("hex");
  const folder = join(staging, layer.name, contents.slice(0, 16));
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    layOut(layer, join(unfinished, "context"));
    writeFileSync(join(unfinished, "Dockerfile"), layer.dockerfile);
    chmodSync(join(unfinished, "Dockerfile"), 0o644);
    rename(unfinished, folder);
  }
  return { context: `${folder}/context`, dockerfile: `${folder}/Dockerfile` };
}

/** Another process may have made the same folder in the meantime. */
function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true });
  }
}

function layOut(layer: CatalogLayer, folder: string): void {
  const made = new Set<string>();
  const makeFolder = (path: string) => {
    if (made.has(path)) return;
    if (path !== folder) makeFolder(dirname(path));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    made.add(path);
  };
  makeFolder(folder);
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
