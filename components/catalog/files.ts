import type { IgnoreRules } from "./ignore-rules";
import { InputError } from "./input-error";
import type { Selection } from "./selection";
import { sha256 } from "./sha256";
import { joined, type Tree } from "./tree";

/** A file of a build context. The owner, the time and the umask do not count: none of them is what the image is made of. */
export interface ContextFile {
  /** Relative to the context, with forward slashes. */
  readonly path: string;
  /**
   * `755` where the owner may execute it, `644` otherwise, `link` for a symbolic link, `dir` for a folder that a step names and that has
   * nothing that counts in it.
   */
  readonly mode: "644" | "755" | "link" | "dir";
  /** sha256 of the contents, 64 hexadecimal digits; of a link's target for a link, of nothing for a folder. */
  readonly hash: string;
}

/** More lines than this are not kept of one layer: a stack's state is written anew with every step of an update. */
const mostLines = 500;

/** @throws InputError for what is gone by now */
export function readContextFiles(tree: Tree, { paths, emptyFolders }: Selection): ContextFile[] {
  const folders = emptyFolders.map((path): ContextFile => ({ path, mode: "dir", hash: sha256("") }));
  const files = paths.map((path) => {
    const file = tree.files.get(path) ?? { path, ...tree.contentsOf(path) };
    tree.files.set(path, file);
    return file;
  });
  return folders.length === 0 ? files : [...files, ...folders].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The files as one text, a line `hash mode path` each: what Pulumi keeps, compares, and shows as a diff. Of more than
 * 500 files folders stand for what is in them, with a line `hash tree path/`, the hash being sha256 of the lines that it
 * stands for; folders are opened from the top down, those with the fewest entries first, as long as the lines suffice.
 */
export function filesText(files: readonly ContextFile[], most = mostLines): string {
  if (files.length <= most) return linesOf(files);
  const root = folderOf(files, "");
  let count = root.entries;
  let level = root.folders;
  const open = new Set<string>();
  while (level.length > 0) {
    const next: Folder[] = [];
    for (const folder of [...level].sort((a, b) => a.entries - b.entries || (a.path < b.path ? -1 : 1))) {
      // Opened, a folder's own line goes away.
      if (count + folder.entries - 1 > most) continue;
      count += folder.entries - 1;
      open.add(folder.path);
      next.push(...folder.folders);
    }
    level = next;
  }
  return textOf(root, open);
}

interface Folder {
  readonly path: string;
  readonly files: readonly ContextFile[];
  readonly folders: readonly Folder[];
  readonly own: readonly ContextFile[];
  readonly entries: number;
}

function folderOf(files: readonly ContextFile[], path: string): Folder {
  const own: ContextFile[] = [];
  const inFolders = new Map<string, ContextFile[]>();
  for (const file of files) {
    const slash = file.path.indexOf("/", path.length);
    if (slash === -1) own.push(file);
    else appendTo(inFolders, file.path.slice(0, slash + 1), file);
  }
  const folders = [...inFolders].map(([folder, within]) => folderOf(within, folder));
  return { path, files, own, folders, entries: own.length + folders.length };
}

function appendTo(map: Map<string, ContextFile[]>, key: string, file: ContextFile): void {
  const list = map.get(key);
  if (list) list.push(file);
  else map.set(key, [file]);
}

function textOf(folder: Folder, open: ReadonlySet<string>): string {
  const lines = folder.own.map((file) => ({ path: file.path, text: linesOf([file]) }));
  for (const inner of folder.folders) {
    const closed = `${sha256(linesOf(inner.files))} tree ${inner.path}\n`;
    lines.push({ path: inner.path, text: open.has(inner.path) ? textOf(inner, open) : closed });
  }
  return lines
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ text }) => text)
    .join("");
}

function linesOf(files: readonly ContextFile[]): string {
  return files.map((file) => `${file.hash} ${file.mode} ${file.path}\n`).join("");
}

/**
 * @throws InputError for a link that points nowhere or out of the context: the docker-build provider stops hashing a folder at
 *   the one, and a build that reads the other is not the same everywhere
 */
export function checkLinks(tree: Tree, files: readonly ContextFile[], rules: IgnoreRules): void {
  for (const { path, mode } of files) {
    if (mode !== "link") continue;
    const target = tree.targetOf(path);
    const reached = endOf(tree, path, rules);
    const place = joined(tree.root, path);
    if (reached === "outside")
      throw new InputError(place, `points to ${target}, outside the build context; copy the file instead`);
    if (reached === "nothing")
      throw new InputError(
        place,
        `points to ${target}, where nothing is, or nothing that is not ignored; remove the link, or add the file`,
      );
  }
}

function endOf(tree: Tree, link: string, rules: IgnoreRules): "outside" | "nothing" | "something" {
  let parts = link.split("/");
  // Each round goes through one link; a circle of links leads nowhere.
  for (let round = 0; round < 40; round++) {
    const through = firstLink(tree, parts);
    if (through === undefined) return isThere(tree, parts.join("/"), rules) ? "something" : "nothing";
    const target = tree.targetOf(through.join("/"));
    if (target.startsWith("/")) return "outside";
    const reached = through.slice(0, -1);
    for (const part of target.split("/")) {
      if (part === ".." && reached.pop() === undefined) return "outside";
      if (part !== ".." && part !== "." && part !== "") reached.push(part);
    }
    parts = [...reached, ...parts.slice(through.length)];
  }
  return "nothing";
}

/** What is ignored is not there: BuildKit fails where a step follows a link to it. */
function isThere(tree: Tree, path: string, rules: IgnoreRules): boolean {
  const kind = tree.kindOf(path);
  return kind === "folder" ? path === "" || !rules.ignoresAllOf(path) : kind !== undefined && !rules.ignores(path);
}

/** The leading parts of a path up to the first of them that is a link. */
function firstLink(tree: Tree, parts: readonly string[]): readonly string[] | undefined {
  for (let length = 1; length <= parts.length; length++) {
    const leading = parts.slice(0, length);
    if (tree.kindOf(leading.join("/")) === "link") return leading;
  }
  return undefined;
}
