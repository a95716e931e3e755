import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { FileHashes } from "./file-hashes";
import type { ContextFile } from "./files";
import { InputError } from "./input-error";
import { sha256 } from "./sha256";

export type EntryKind = "file" | "folder" | "link";

/** Where a family's files are: on disk, or in a commit. */
export interface FileSystem {
  /** Names in a folder with what they are; empty for what is no folder. Sockets and devices are left out. */
  list(folder: string): ReadonlyMap<string, EntryKind>;
  /** What is there, or where a link leads. */
  kindOf(path: string): "file" | "folder" | undefined;
  /** Undefined where there is nothing. @throws InputError for what cannot be read */
  read(file: string): Uint8Array | undefined;
  targetOf(link: string): string;
  /** Of a file or a link. @throws InputError for what is gone */
  contentsOf(path: string): Pick<ContextFile, "mode" | "hash">;
  /** Of what is there, without links in it. */
  realPath(path: string): string;
}

/** The files as they are on this machine. */
export class Disk implements FileSystem {
  constructor(private readonly hashes: FileHashes = new FileHashes()) {}

  list(folder: string): ReadonlyMap<string, EntryKind> {
    const kinds = new Map<string, EntryKind>();
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return kinds;
      throw error;
    }
    for (const entry of entries) {
      if (entry.isDirectory()) kinds.set(entry.name, "folder");
      else if (entry.isSymbolicLink()) kinds.set(entry.name, "link");
      else if (entry.isFile()) kinds.set(entry.name, "file");
    }
    return kinds;
  }

  kindOf(path: string): "file" | "folder" | undefined {
    try {
      return statSync(path).isDirectory() ? "folder" : "file";
    } catch {
      return undefined;
    }
  }

  read(file: string): Uint8Array | undefined {
    try {
      return readFileSync(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      throw new InputError(file, code === "EISDIR" ? "is a folder; a file is expected" : `cannot be read (${code})`);
    }
  }

  targetOf(link: string): string {
    return readlinkSync(link);
  }

  contentsOf(path: string): Pick<ContextFile, "mode" | "hash"> {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) throw new InputError(path, "is not there any more, or has a name that is not UTF-8; rename it");
    if (stat.isSymbolicLink()) return { mode: "link", hash: sha256(this.targetOf(path)) };
    return { mode: stat.mode & 0o100 ? "755" : "644", hash: this.hashes.of(path, stat) };
  }

  realPath(path: string): string {
    return realpathSync(path);
  }
}

/** For what is read once. */
export const disk: FileSystem = new Disk();
