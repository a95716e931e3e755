import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { execa } from "execa";
import { Parser, type ReadEntry } from "tar";
import { type Environment, printed } from "./registry";

/** In milliseconds, for one layer. */
const timeLimit = 5 * 60_000;

/** In bytes, unpacked. A layer with more was made to keep its readers busy. */
const mostUnpacked = 50e9;

/** In bytes, unpacked at a time. With the 16 kB that Node.js takes by itself, 550 MB from a registry took 3.5 s to read, in the place of 2.2. */
const chunkSize = 1024 * 1024;

/** A filesystem layer as a registry has it. */
export interface Blob {
  readonly digest: string;
  /** How it is packed. @example "application/vnd.oci.image.layer.v1.tar+zstd" */
  readonly mediaType: string;
}

/**
 * Reads a filesystem layer from the registry as it comes.
 *
 * @param read what to make of each entry, whose contents it reads or leaves by `resume()`
 * @throws Error where the layer cannot be read, or is no archive
 */
export async function readBlob<T>(
  repository: string,
  { digest, mediaType }: Blob,
  read: (entry: ReadEntry) => T | Promise<T>,
  env: Environment = {},
): Promise<T[]> {
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
  const entries = await readArchive(child.stdout, mediaType, read).catch((error: Error) => {
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
 * @param mediaType as a layer's `Blob` has it
 * @param read as `readBlob` has it
 * @throws Error for what is no such archive
 */
export async function readArchive<T>(
  packed: AsyncIterable<Uint8Array>,
  mediaType: string,
  read: (entry: ReadEntry) => T | Promise<T>,
): Promise<T[]> {
  const entries: (T | Promise<T>)[] = [];
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
    ? createZstdDecompress({ chunkSize })
    : /gzip$/.test(mediaType)
      ? createGunzip({ chunkSize })
      : undefined;
  await Promise.all([unpack ? pipeline(packed, unpack, parse) : pipeline(packed, parse), ended]);
  return Promise.all(entries);
}
