import { type Dirent, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { ContextFile } from "./files";
import { InputError } from "./input-error";

export type EntryKind = "file" | "folder" | "link";

/** For each folder, the root being empty, the names of its entries that count. */
export type Only = ReadonlyMap<string, ReadonlySet<string>>;

/** A folder as it is on disk while it is being read: each part of it is looked at once. */
export class Tree {
  /** What was read of its files, by path. */
  readonly files = new Map<string, ContextFile>();
  private readonly folders = new Map<string, ReadonlyMap<string, EntryKind>>();

  /**
   * @param only where given, all that counts
   * @param prefix what this folder is called there
   */
  constructor(
    readonly root: string,
    private readonly only?: Only,
    private readonly prefix = "",
  ) {}

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

  /** @throws InputError for what is gone, or has a name that is no UTF-8 */
  statOf(path: string): Stats {
    const stat = lstatSync(`${this.root}/${path}`, { throwIfNoEntry: false });
    if (stat) return stat;
    throw new InputError(joined(this.root, path), "is not there any more, or has a name that is not UTF-8; rename it");
  }

  private read(folder: string): ReadonlyMap<string, EntryKind> {
    const kinds = new Map<string, EntryKind>();
    const only = this.only?.get(joined(this.prefix, folder));
    if (this.only && !only) return kinds;
    let entries: Dirent[];
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
export function foldersOf(paths: Iterable<string>): Only {
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
