import { disk, type EntryKind, type FileSystem } from "./file-system";
import type { ContextFile } from "./files";

/** For each folder, the root being empty, the names of its entries that count. */
export type Only = ReadonlyMap<string, ReadonlySet<string>>;

/** A folder while it is being read: each part of it is looked at once. */
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
    private readonly system: FileSystem = disk,
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
    return this.system.targetOf(joined(this.root, link));
  }

  /** @throws InputError for what is gone, or has a name that is no UTF-8 */
  contentsOf(path: string): Pick<ContextFile, "mode" | "hash"> {
    return this.system.contentsOf(joined(this.root, path));
  }

  private read(folder: string): ReadonlyMap<string, EntryKind> {
    const only = this.only?.get(joined(this.prefix, folder));
    if (this.only && !only) return new Map();
    const kinds = this.system.list(joined(this.root, folder));
    return only ? new Map([...kinds].filter(([name]) => only.has(name))) : kinds;
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
