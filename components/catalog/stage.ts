import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
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
import { basename, dirname, join } from "node:path";
import { sourceDateEpoch } from "./build-arguments";
import type { CatalogLayer } from "./catalog";
import { markedCopies } from "./dockerfile/marked-copies";
import type { ContextFile } from "./files";
import { InputError } from "./input-error";
import { sha256 } from "./sha256";

/** Where a build's context and Dockerfile lie. That is not in the context, so that `COPY .` copies the user's own, if any. */
export interface Staged {
  readonly context: string;
  readonly dockerfile: string;
}

export interface StagedLayer extends Staged {
  /**
   * Puts the files into the context, which is empty without; to be done before anything is built of it.
   *
   * @throws InputError for a file that has changed since the catalog was read
   */
  readonly layOut: () => void;
}

/** Of the folders that are laid out; another one gives each a new name. */
const layout = 3;

/** A build may still read the version before last. */
const versionsKept = 3;

/** In milliseconds: longer than a build of one layer takes. */
const untouched = 60 * 60_000;

/**
 * Stages what one layer is built from: just the files that count, with modes 0644 and 0755 whatever the umask, and
 * the Dockerfile in its normal form beside them. The files are copied when they are laid out, which a preview does not need.
 *
 * The docker-build provider hashes modes and whatever else lies in a context, so that a checkout under another umask
 * would be rebuilt; in a staged context there is nothing else. The folder has the name of its contents and is never
 * written again once they are in it, so that a preview cannot change what a running build reads, and its path, which becomes an input of the
 * Image, is the same on every machine. Versions share their files by hard links to one copy of each.
 *
 * The context itself has that name too. BuildKit keeps what it got of a context by the last part of its path, and takes a file for
 * unchanged whose path, size and time are those of the one that it kept; here all times are equal, and so may sizes be.
 *
 * @param staging a path relative to the project: `.strata/contexts`
 * @param compression as `BuildArgs` has it
 */
export function stageLayer(layer: CatalogLayer, staging: string, compression = "zstd"): StagedLayer {
  const dockerfile = layer.timestamps ? markedCopies(layer.dockerfile, markOf(layer, compression)) : layer.dockerfile;
  const contents = sha256(JSON.stringify([layout, dockerfile, layer.files])).slice(0, 16);
  const folder = stageVersion(staging, layer.name, contents, (unfinished) => {
    makeFolder(join(unfinished, contents));
    writeDockerfile(dockerfile, unfinished);
  });
  const context = `${folder}/${contents}`;
  return {
    context,
    dockerfile: `${folder}/Dockerfile`,
    layOut: () => {
      if (layer.files.length === 0 || readdirSync(context).length > 0) return;
      // In the place of the empty folder at once: no build sees half of it.
      makeAside(staging, layer.name, context, (unfinished) => layOut(layer, unfinished, join(staging, ".files")));
    },
  };
}

/** What copies of a layer with constant times go by. The Dockerfile is no part of it: an edit of one stage would run all others again. */
function markOf({ rebuild }: CatalogLayer, compression: string): string {
  return `${compression}-${rebuild}`;
}

/**
 * Makes a folder that has the name of its contents, where it is not there yet.
 *
 * @param name of what it is a version of: a path beneath `staging`
 * @param contents hexadecimal digits that tell of all that is in it
 * @param layOut writes it into the folder that it is given
 * @returns the folder
 */
export function stageVersion(
  staging: string,
  name: string,
  contents: string,
  layOut: (folder: string) => void,
): string {
  const folder = join(staging, name, contents.slice(0, 16));
  if (existsSync(folder)) {
    touch(folder);
    return folder;
  }
  makeAside(staging, name, folder, layOut);
  prune(staging, name);
  return folder;
}

/** Makes a folder where no other process looks for versions to take away, and puts it in its place when it is whole. */
function makeAside(staging: string, name: string, folder: string, write: (folder: string) => void): void {
  mkdirSync(join(staging, ".unfinished"), { recursive: true });
  const unfinished = mkdtempSync(join(staging, ".unfinished", `${basename(name)}-`));
  try {
    write(unfinished);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  chmodSync(unfinished, 0o755);
  mkdirSync(dirname(folder), { recursive: true });
  rename(unfinished, folder);
}

function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

/** The versions used last are those that stay. */
function touch(folder: string): void {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function writeDockerfile(dockerfile: string, folder: string): void {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o644);
  };
  write("Dockerfile", dockerfile);
  // In its place an ignore file of the context, which counts as a file here, would be applied once more.
  write("Dockerfile.dockerignore", "# Nothing is ignored of what was chosen.\n");
}

/** Another process may have made the same folder in the meantime. */
function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    rmSync(from, { recursive: true });
  }
}

function layOut(layer: CatalogLayer, folder: string, store: string): void {
  const made = new Set([folder]);
  const makeFolders = (path: string) => {
    if (made.has(path)) return;
    makeFolders(dirname(path));
    makeFolder(path);
    made.add(path);
  };
  mkdirSync(store, { recursive: true });
  const linked = new Set<string>();
  for (const file of layer.files) {
    const target = join(folder, file.path);
    const source = join(layer.context, file.path);
    makeFolders(file.mode === "dir" ? target : dirname(target));
    if (file.mode === "dir") continue;
    if (file.mode === "link") {
      const pointsTo = readlinkSync(source);
      if (sha256(pointsTo) !== file.hash) throw changing(source);
      symlinkSync(pointsTo, target);
      continue;
    }
    const kept = join(store, `${file.hash}-${file.mode}`);
    keep(source, kept, file);
    // Two links to one file within a context would become two links in the image.
    if (linked.has(kept) || !link(kept, target)) copy(source, target, file);
    linked.add(kept);
  }
}

/** Makes the one copy of a file's contents. */
function keep(source: string, kept: string, file: ContextFile): void {
  if (existsSync(kept)) return;
  const unfinished = `${kept}.${process.pid}`;
  copy(source, unfinished, file);
  renameSync(unfinished, kept);
}

/** @throws InputError where the file is not any more what the plan is made of */
function copy(source: string, target: string, file: ContextFile): void {
  // A file system that can clone does, which takes no room.
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  if (sha256(readFileSync(target)) !== file.hash) {
    rmSync(target);
    throw changing(source);
  }
  chmodSync(target, Number.parseInt(file.mode, 8));
  utimesSync(target, sourceDateEpoch, sourceDateEpoch);
}

function changing(source: string): InputError {
  return new InputError(source, "changes while it is being read; wait for what writes it, and try again");
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

/**
 * Takes away versions that no build reads any more, and the files that only they had. Another process may do the same, or be about to
 * link a file that no version has yet: young files stay, and what is gone already is no error.
 */
function prune(staging: string, name: string): void {
  const versions = readdirSync(join(staging, name))
    .map((version) => join(staging, name, version))
    .map((path) => ({ path, used: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.used - a.used);
  const old = versions.slice(versionsKept).filter(({ used }) => Date.now() - used > untouched);
  if (old.length === 0) return;
  for (const { path } of old) rmSync(path, { recursive: true, force: true });
  for (const folder of [".files", ".unfinished"].filter((folder) => existsSync(join(staging, folder)))) {
    for (const entry of readdirSync(join(staging, folder))) {
      const path = join(staging, folder, entry);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (!stat || Date.now() - stat.ctimeMs < untouched) continue;
      if (stat.isDirectory() || stat.nlink === 1) rmSync(path, { recursive: true, force: true });
    }
  }
}
