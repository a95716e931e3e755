import type { EntryKind, FileSystem } from "../catalog/file-system";
import type { ContextFile } from "../catalog/files";
import { InputError } from "../catalog/input-error";
import type { GitObjects, GitTree, TreeEntry } from "./objects";

/** More links than this in one path lead nowhere. */
const mostLinks = 40;

/**
 * The files of a commit, without a checkout. The hash of a file is git's own id of its contents. A submodule is an empty folder.
 *
 * What git holds is fetched as it is asked for, and reading is not: what is read before it was fetched is as if it were not there, and
 * `fetchMissing` fetches it. So what reads is run again until that has nothing left to fetch.
 */
export class CommitFiles implements FileSystem {
  /** Where links led to that went out of the folder that they are in. */
  readonly linked = new Set<string>();
  private readonly missing = new Set<TreeEntry>();

  /** @param top the id of the top folder */
  constructor(
    private readonly objects: GitObjects,
    readonly top: string,
  ) {}

  list(folder: string): ReadonlyMap<string, EntryKind> {
    const tree = this.treeAt(folder);
    if (!tree) return new Map();
    return new Map([...tree].map(([name, { kind }]) => [name, kind === "submodule" ? "folder" : kind]));
  }

  kindOf(path: string): "file" | "folder" | undefined {
    const kind = this.find(path)?.kind;
    return kind === undefined || kind === "file" ? kind : "folder";
  }

  read(file: string): Uint8Array | undefined {
    const found = this.find(file);
    if (!found) return undefined;
    if (found.kind !== "file") throw new InputError(file, "is a folder; a file is expected");
    return this.blob(found);
  }

  targetOf(link: string): string {
    const found = this.find(link, { follow: false });
    return (found?.kind === "link" ? this.blob(found)?.toString("utf8") : undefined) ?? "";
  }

  contentsOf(path: string): Pick<ContextFile, "mode" | "hash"> {
    const found = this.find(path, { follow: false });
    if (!found) throw new InputError(path, "is not there");
    if (found.kind === "link") return { mode: "link", hash: found.id };
    return { mode: found.executable ? "755" : "644", hash: found.id };
  }

  realPath(path: string): string {
    return this.locate(path, true)?.path.join("/") ?? path;
  }

  /** All that is in some folders, and of that the texts that a catalog is read from. */
  async prefetch(folders: Iterable<string>): Promise<void> {
    const load = async (id: string): Promise<void> => {
      if (this.objects.whole.has(id)) return;
      const tree = this.objects.knownTree(id) ?? (await this.objects.tree(id));
      await Promise.all(
        [...tree].map(([name, entry]) => {
          if (entry.kind === "folder") return load(entry.id);
          const isText = entry.kind === "link" || (entry.kind === "file" && isCatalogText(name));
          if (isText && !this.objects.knownBlob(entry.id)) return this.objects.blob(entry.id);
          return undefined;
        }),
      );
      this.objects.whole.add(id);
    };
    await Promise.all(
      [...folders].map(async (folder) => {
        const found = await this.fetched(() => this.find(folder));
        if (found?.kind === "folder") await load(found.id);
      }),
    );
  }

  /** Runs what reads until all that it reads was fetched. */
  async fetched<T>(read: () => T): Promise<T> {
    for (;;) {
      this.missing.clear();
      let result: { value: T } | { error: unknown };
      try {
        result = { value: read() };
      } catch (error) {
        result = { error };
      }
      if (this.missing.size === 0) {
        if ("error" in result) throw result.error;
        return result.value;
      }
      const fetch = ({ kind, id }: TreeEntry) => (kind === "folder" ? this.objects.tree(id) : this.objects.blob(id));
      await Promise.all([...this.missing].map(fetch));
    }
  }

  /** What a path names; undefined where there is nothing. @param follow whether a link at its end counts as what it leads to */
  find(path: string, { follow = true } = {}): TreeEntry | undefined {
    return this.locate(path, follow)?.entry;
  }

  private locate(path: string, follow: boolean): { path: readonly string[]; entry: TreeEntry } | undefined {
    const root: TreeEntry = { kind: "folder", executable: false, id: this.top };
    let at: { name: string; entry: TreeEntry }[] = [];
    let links = 0;
    const rest = path.split("/");
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (at.pop() === undefined) return undefined;
        continue;
      }
      const within = at.at(-1)?.entry ?? root;
      const entry = within.kind === "folder" ? this.tree(within)?.get(part) : undefined;
      if (!entry) return undefined;
      if (entry.kind !== "link" || (!follow && rest.length === 0)) {
        at.push({ name: part, entry });
        continue;
      }
      const target = this.blob(entry)?.toString("utf8") ?? "";
      if (++links > mostLinks || target === "" || target.startsWith("/")) return undefined;
      this.linked.add(normal([...at.map(({ name }) => name), ...target.split("/")]));
      rest.unshift(...target.split("/"));
      at = [...at];
    }
    return { path: at.map(({ name }) => name), entry: at.at(-1)?.entry ?? root };
  }

  private treeAt(folder: string): GitTree | undefined {
    const found = this.find(folder);
    return found?.kind === "folder" ? this.tree(found) : undefined;
  }

  private tree(entry: TreeEntry): GitTree | undefined {
    const tree = this.objects.knownTree(entry.id);
    if (!tree) this.missing.add(entry);
    return tree;
  }

  private blob(entry: TreeEntry): Buffer | undefined {
    const blob = this.objects.knownBlob(entry.id);
    if (!blob) this.missing.add(entry);
    return blob;
  }
}

function isCatalogText(name: string): boolean {
  return /Dockerfile$|\.dockerignore$|^image\.yaml$/.test(name);
}

function normal(parts: readonly string[]): string {
  const path: string[] = [];
  for (const part of parts) {
    if (part === "..") path.pop();
    else if (part !== "" && part !== ".") path.push(part);
  }
  return path.join("/");
}
