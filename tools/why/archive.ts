import { createHash } from "node:crypto";
import type { ReadEntry } from "tar";
import { type Blob, readBlob } from "../../components/archive";
import type { Environment } from "../stack/environment";
import type { Entry } from "./contents";

const kinds: Readonly<Record<string, Entry["kind"]>> = {
  Directory: "folder",
  SymbolicLink: "link",
  Link: "hard link",
  CharacterDevice: "device",
  BlockDevice: "device",
  FIFO: "pipe",
};

/**
 * What a filesystem layer holds, by paths as the archive has them: of each file no more than a hash is kept.
 *
 * @throws Error where the layer cannot be read, or is no archive
 */
export function entriesOf(repository: string, layer: Blob, env: Environment): Promise<[string, Entry][]> {
  return readBlob(repository, layer, readEntry, env);
}

export async function readEntry(entry: ReadEntry): Promise<[string, Entry]> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of entry) {
    hash.update(chunk);
    size += chunk.length;
  }
  const kind = kinds[entry.type] ?? "file";
  const contents = kind === "file" ? hash.digest("hex") : (entry.linkpath ?? "");
  const owner = `${entry.uid ?? 0}:${entry.gid ?? 0}`;
  return [entry.path, { kind, mode: (entry.mode ?? 0) & 0o7777, owner, size, contents }];
}
