import { mkdirSync, readFileSync, renameSync, type Stats, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sha256 } from "./sha256";

/** In milliseconds. A file that was changed so shortly before its hash was kept may change again with the same time. */
const settled = 2000;

type Kept = readonly [size: number, modified: number, changed: number, inode: number, hash: string];

/**
 * Hashes of files, kept in a file so that what has not changed is read once. A file counts as unchanged while its size, its
 * two times and its inode are the same; one changed less than two seconds before it was read is read again the next
 * time, as git does with its index.
 */
export class FileHashes {
  private readonly kept: Map<string, Kept>;
  private readonly used = new Map<string, Kept>();
  private dirty = false;

  /** @param file where hashes are kept; undefined keeps them for this object alone. What is no such file counts as empty. */
  constructor(private readonly file?: string) {
    this.kept = file === undefined ? new Map() : readKept(file);
  }

  /** sha256 of a file's contents, 64 hexadecimal digits. @param path what the hash is kept under: the same in each run */
  of(path: string, stat: Stats): string {
    const known = this.used.get(path) ?? this.kept.get(path);
    if (known && isSame(known, stat)) {
      this.used.set(path, known);
      return known[4];
    }
    const readAt = Date.now();
    const hash = sha256(readFileSync(path));
    this.dirty = true;
    if (readAt - Math.max(stat.mtimeMs, stat.ctimeMs) > settled) {
      this.used.set(path, [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, hash]);
    } else {
      this.used.delete(path);
      this.kept.delete(path);
    }
    return hash;
  }

  /** Writes what was used since; two programs at once do not harm each other. Not being able to is no error. */
  save(): void {
    if (this.file === undefined || !this.dirty) return;
    const unfinished = `${this.file}.${process.pid}`;
    try {
      mkdirSync(dirname(this.file), { recursive: true });
      writeFileSync(unfinished, JSON.stringify([...this.used]));
      renameSync(unfinished, this.file);
      this.dirty = false;
    } catch {
      // The next run reads the files again.
    }
  }
}

function isSame([size, modified, changed, inode]: Kept, stat: Stats): boolean {
  return size === stat.size && modified === stat.mtimeMs && changed === stat.ctimeMs && inode === stat.ino;
}

function readKept(file: string): Map<string, Kept> {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as [string, Kept][];
    return new Map(kept.filter(([, entry]) => Array.isArray(entry)));
  } catch {
    return new Map();
  }
}
