import { createHash } from "node:crypto";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { execa } from "execa";
import { Parser, type ReadEntry } from "tar";
import { printed } from "../../components/registry";
import type { Environment } from "../stack/environment";
import type { Entry } from "./contents";
import type { ImageLayer } from "./image";

/** In milliseconds, for one layer. */
const timeLimit = 5 * 60_000;

/** In bytes, unpacked. A layer with more was made to keep its readers busy. */
const mostUnpacked = 50e9;

const kinds: Readonly<Record<string, Entry["kind"]>> = {
  Directory: "folder",
  SymbolicLink: "link",
  Link: "hard link",
  CharacterDevice: "device",
  BlockDevice: "device",
  FIFO: "pipe",
};

/**
 * What a filesystem layer holds, read from the registry as it comes: of each file no more than a hash is kept.
 *
 * @throws Error where the layer cannot be read, or is no archive
 */
export async function entriesOf(
  repository: string,
  { digest, mediaType }: ImageLayer,
  env: Environment,
): Promise<[string, Entry][]> {
  const child = execa("regctl", ["blob", "get", repository, digest], {
    env,
    timeout: timeLimit,
    // A helper for credentials that waits for somebody would keep what it prints to open.
    killDescendants: true,
    buffer: { stdout: false },
    encoding: "buffer",
    reject: false,
  });
  let failure: Error | undefined;
  const entries = await readArchive(child.stdout, mediaType).catch((error: Error) => {
    failure = error;
    child.kill();
    return [];
  });
  const { failed, timedOut, stderr, shortMessage } = await child;
  if (timedOut)
    throw new Error(`the layer ${digest} cannot be read: it did not come within ${timeLimit / 60_000} minutes`);
  const said = printed(new TextDecoder().decode(stderr).trim());
  if (failure && said === "") throw new Error(`the layer ${digest} cannot be read: ${failure.message}`);
  if (failed || failure) throw new Error(`the layer ${digest} cannot be read: ${said || shortMessage}`);
  return entries;
}

/**
 * Reads a tar archive.
 *
 * @param mediaType how it is packed. @example "application/vnd.oci.image.layer.v1.tar+zstd"
 * @throws Error for what is no such archive
 */
export async function readArchive(packed: AsyncIterable<Uint8Array>, mediaType: string): Promise<[string, Entry][]> {
  const entries: Promise<[string, Entry]>[] = [];
  const parser = new Parser({ strict: true, onReadEntry: (entry) => void entries.push(read(entry)) });
  const ended = once(parser, "end");
  const parse = async (chunks: AsyncIterable<Uint8Array>) => {
    let bytes = 0;
    let empty = false;
    for await (const chunk of chunks) {
      // Nothing but the zeros at the end, which the parser takes for no archive. A step that changes nothing makes such a layer.
      if (bytes === 0) empty = chunk[0] === 0;
      bytes += chunk.length;
      if (bytes > mostUnpacked) throw new Error(`it has more than ${mostUnpacked / 1e9} GB, unpacked`);
      if (empty || parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))) continue;
      await Promise.race([once(parser, "drain"), ended]);
    }
    if (empty) parser.emit("end");
    else parser.end();
    await ended;
  };
  const unpack = /zstd$/.test(mediaType)
    ? createZstdDecompress()
    : /gzip$/.test(mediaType)
      ? createGunzip()
      : undefined;
  await Promise.all([unpack ? pipeline(packed, unpack, parse) : pipeline(packed, parse), ended]);
  return Promise.all(entries);
}

async function read(entry: ReadEntry): Promise<[string, Entry]> {
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
