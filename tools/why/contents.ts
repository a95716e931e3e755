/** One entry of a filesystem layer. */
export interface Entry {
  readonly kind: "file" | "folder" | "link" | "hard link" | "device" | "pipe";
  readonly mode: number;
  /** `user:group`, in numbers. */
  readonly owner: string;
  /** In bytes; 0 for what is no file. */
  readonly size: number;
  /** sha256 of a file's contents; of a link where it leads; empty for the rest. */
  readonly contents: string;
}

/** What some layers lay over those beneath: by path an entry, or `removed` for what they take away. */
export type Contents = ReadonlyMap<string, Entry | "removed">;

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/**
 * Lays layers one over the other, by the rules of the OCI image specification (layer.md): a file `.wh.x` takes away the x of layers
 * beneath, and `.wh..wh..opq` all that they have in its folder.
 *
 * @param layers from the bottom up; paths as archives have them: `./etc/motd`, `etc/`
 */
export function layered(layers: readonly (readonly (readonly [string, Entry])[])[]): Contents {
  const contents = new Map<string, Entry | "removed">();
  const removeIn = (folder: string) => {
    for (const path of contents.keys()) if (path.startsWith(folder)) contents.delete(path);
  };
  for (const layer of layers) {
    const entries = layer.map(([path, entry]) => [normal(path), entry] as const).filter(([path]) => path !== "");
    // What a layer takes away is never its own.
    for (const [path] of entries.filter(([name]) => isWhiteout(name))) {
      const slash = path.lastIndexOf("/") + 1;
      const [folder, last] = [path.slice(0, slash), path.slice(slash)];
      const gone = last === opaque ? `${folder}*` : folder + last.slice(whiteout.length);
      removeIn(last === opaque ? folder : `${gone}/`);
      contents.set(gone, "removed");
    }
    for (const [path, entry] of entries.filter(([name]) => !isWhiteout(name))) {
      const before = contents.get(path);
      // What was a folder and is something else now has nothing in it any more.
      if (before !== undefined && before !== "removed" && before.kind === "folder" && entry.kind !== "folder") {
        removeIn(`${path}/`);
      }
      contents.set(path, entry);
    }
  }
  return contents;
}

/** A file, folder or link that two images do not have in common. */
export interface FileChange {
  readonly path: string;
  readonly change: "A" | "M" | "D";
  /** What of it: `contents`, `mode`, `owner`, `kind`; empty for what came or went. */
  readonly of: readonly string[];
  /** In bytes; null for what is no file, or not there. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Compares what two images have in the layers that they do not share, sorted by path. */
export function compareContents(before: Contents, after: Contents): FileChange[] {
  const changes = [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .flatMap((path) => changeOf(path, before.get(path), after.get(path)) ?? []);
  // Archives name each folder on the way to what they hold.
  const opened = new Set(changes.flatMap(({ path }) => foldersOf(path)));
  return changes.filter(({ path, change }) => change === "M" || !opened.has(path));
}

function changeOf(
  path: string,
  before: Entry | "removed" | undefined,
  after: Entry | "removed" | undefined,
): FileChange | undefined {
  if (before === after) return undefined;
  const sizes = { before: sizeOf(before), after: sizeOf(after) };
  // Where one says nothing and the other takes away, layers beneath have it.
  if (after === "removed" || (after === undefined && before !== "removed")) {
    return { path, change: "D", of: [], ...sizes };
  }
  if (before === "removed" || before === undefined || after === undefined) {
    return { path, change: "A", of: [], ...sizes };
  }
  const of = differing(before, after);
  return of.length > 0 ? { path, change: "M", of, ...sizes } : undefined;
}

function differing(before: Entry, after: Entry): string[] {
  if (before.kind !== after.kind) return ["kind"];
  return [
    ...(before.contents === after.contents ? [] : ["contents"]),
    // That of a link says nothing.
    ...(before.mode === after.mode || before.kind === "link" ? [] : ["mode"]),
    ...(before.owner === after.owner ? [] : ["owner"]),
  ];
}

function sizeOf(entry: Entry | "removed" | undefined): number | null {
  return entry !== "removed" && entry?.kind === "file" ? entry.size : null;
}

function normal(path: string): string {
  const name = path.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
  return name === "." ? "" : name;
}

function isWhiteout(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(whiteout);
}

/** `a/b/c` → `a`, `a/b` */
function foldersOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}
