import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

export type EntryKind = "file" | "folder" | "link";

/** A folder as it is on disk while it is being read: each part of it is looked at once. */
export class Tree {
  private readonly folders = new Map<string, ReadonlyMap<string, EntryKind>>();

  /** @param only where given, all that counts of the folder: the paths of files and links */
  constructor(
    readonly root: string,
    only?: ReadonlySet<string>,
  ) {
    if (only) this.only = foldersOf(only);
  }

  private readonly only: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  /** Names in a folder with what they are; empty for what is no folder. Sockets and devices are left out. */
  list(folder: string): ReadonlyMap<string, EntryKind> {
    const known = this.folders.get(folder);
    if (known) return known;
    const listed = this.read(folder);
    this.folders.set(folder, listed);
    return listed;
  }

  /** Undefined where there is nothing. The root itself has an empty path. */
  kindOf(path: string): EntryKind | undefined {
    if (path === "") return "folder";
    const slash = path.lastIndexOf("/");
    return this.list(slash === -1 ? "" : path.slice(0, slash)).get(path.slice(slash + 1));
  }

  targetOf(link: string): string {
    return readlinkSync(join(this.root, link));
  }

  statOf(path: string): Stats {
    return lstatSync(`${this.root}/${path}`);
  }

  private read(folder: string): ReadonlyMap<string, EntryKind> {
    const kinds = new Map<string, EntryKind>();
    const only = this.only?.get(folder);
    if (this.only && !only) return kinds;
    let entries: import("node:fs").Dirent[];
    try {
      entries = readdirSync(join(this.root, folder), { withFileTypes: true });
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return kinds;
      throw error;
    }
    for (const entry of entries) {
      if (only && !only.has(entry.name)) continue;
      if (entry.isDirectory()) kinds.set(entry.name, "folder");
      else if (entry.isSymbolicLink()) kinds.set(entry.name, "link");
      else if (entry.isFile()) kinds.set(entry.name, "file");
    }
    return kinds;
  }
}

/** For each folder that has something of `paths` in it the names of its entries that do. */
function foldersOf(paths: ReadonlySet<string>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>([["", new Set()]]);
  const add = (path: string) => {
    const slash = path.lastIndexOf("/");
    const folder = slash === -1 ? "" : path.slice(0, slash);
    const names = folders.get(folder);
    if (names) {
      names.add(path.slice(slash + 1));
      return;
    }
    folders.set(folder, new Set([path.slice(slash + 1)]));
    add(folder);
  };
  for (const path of paths) add(path);
  return folders;
}

/** Joins two paths relative to the same root, which both may be empty. */
export function joined(folder: string, name: string): string {
  return folder === "" ? name : name === "" ? folder : `${folder}/${name}`;
}
