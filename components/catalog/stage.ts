import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { sourceDateEpoch } from "./build-arguments";
import type { CatalogLayer } from "./catalog";
import type { ContextFile } from "./files";
import { InputError } from "./input-error";
import { sha256 } from "./sha256";

/** Where a staged layer lies. The Dockerfile is not in the context, so that `COPY .` copies the user's own, if any. */
export interface StagedLayer {
  readonly context: string;
  readonly dockerfile: string;
}

/** A build may still read the version before last. */
const versionsKept = 3;

/**
 * Lays out what one layer is built from: just the files that count, with modes 0644 and 0755 whatever the umask, and
 * the Dockerfile in its normal form beside them.
 *
 * The docker-build provider hashes modes and whatever else lies in a context, so that a checkout under another umask
 * would be rebuilt; in a staged context there is nothing else. The folder has the name of its contents and is never
 * written again, so that a preview cannot change what a running build reads, and its path, which becomes an input of the
 * Image, is the same on every machine. Versions share their files by hard links to one copy of each.
 *
 * @param staging a path relative to the project: `.strata/contexts`
 * @throws InputError for a file that changes while it is being read
 */
export function stageLayer(layer: CatalogLayer, staging: string): StagedLayer {
  const contents = sha256(JSON.stringify([layer.dockerfile, layer.files, layer.emptyFolders]));
  const folder = join(staging, layer.name, contents.slice(0, 16));
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    layOut(layer, join(unfinished, "context"), join(staging, ".files"));
    writeDockerfile(layer, unfinished);
    rename(unfinished, folder);
    prune(staging, layer.name);
  }
  return { context: `${folder}/context`, dockerfile: `${folder}/Dockerfile` };
}

function writeDockerfile(layer: CatalogLayer, folder: string): void {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o644);
  };
  write("Dockerfile", layer.dockerfile);
  // In its place an ignore file of the context, which counts as a file here, would be applied once more.
  write("Dockerfile.dockerignore", "# Nothing is ignored of what was chosen.\n");
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

function layOut(layer: CatalogLayer, folder: string, store: string): void {
  const made = new Set<string>();
  const makeFolder = (path: string) => {
    if (made.has(path)) return;
    if (path !== folder) makeFolder(dirname(path));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    made.add(path);
  };
  makeFolder(folder);
  mkdirSync(store, { recursive: true });
  for (const empty of layer.emptyFolders) makeFolder(join(folder, empty));
  const linked = new Set<string>();
  for (const file of layer.files) {
    const target = join(folder, file.path);
    const source = join(layer.context, file.path);
    makeFolder(dirname(target));
    if (file.mode === "link") {
      symlinkSync(readlinkSync(source), target);
      continue;
    }
    const kept = join(store, `${file.hash}-${file.mode}`);
    keep(source, kept, file);
    // Two links to one file within a context would become two links in the image.
    if (linked.has(kept) || !link(kept, target)) copy(kept, target, file);
    linked.add(kept);
  }
}

/** Makes the one copy of a file's contents. */
function keep(source: string, kept: string, file: ContextFile): void {
  if (existsSync(kept)) return;
  const unfinished = `${kept}.${process.pid}`;
  copy(source, unfinished, file);
  if (sha256(readFileSync(unfinished)) !== file.hash) {
    rmSync(unfinished);
    throw new InputError(source, "changes while it is being read; wait for what writes it, and try again");
  }
  renameSync(unfinished, kept);
}

function copy(source: string, target: string, file: ContextFile): void {
  // A file system that can clone does, which takes no room.
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  chmodSync(target, Number.parseInt(file.mode, 8));
  utimesSync(target, sourceDateEpoch, sourceDateEpoch);
}

/** @returns false where a file system has no hard links, or has too many of one file */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Takes away versions that no build reads any more, and the files that only they had. */
function prune(staging: string, name: string): void {
  const versions = readdirSync(join(staging, name))
    .map((version) => join(staging, name, version))
    .map((path) => ({ path, made: statSync(path).mtimeMs }))
    .sort((a, b) => b.made - a.made);
  const old = versions.slice(versionsKept);
  if (old.length === 0) return;
  for (const { path } of old) rmSync(path, { recursive: true, force: true });
  const store = join(staging, ".files");
  for (const file of readdirSync(store)) {
    const path = join(store, file);
    if (statSync(path, { throwIfNoEntry: false })?.nlink === 1) rmSync(path, { force: true });
  }
}
