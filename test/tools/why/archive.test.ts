import assert from "node:assert/strict";
import { chmodSync, linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { create } from "tar";
import { readArchive as read } from "../../../components/archive";
import { sha256 } from "../../../components/catalog/sha256";
import { entriesOf, readEntry } from "../../../tools/why/archive";
import { withFolder } from "../../components/catalog/folder";
import { withTools } from "../../components/fake-tool";

const long = `${"long/".repeat(60)}name`;
const files = {
  "etc/motd": "hello\n",
  "etc/.wh.gone": "",
  "empty/.keep": "",
  "big\nname": "x".repeat(300_000),
  [long]: "y",
};

/** A layer as builders write it. */
function archive(): Promise<Buffer> {
  return withFolder(files, async (folder) => {
    chmodSync(join(folder, "etc/motd"), 0o640);
    symlinkSync("motd", join(folder, "etc/link"));
    linkSync(join(folder, "etc/motd"), join(folder, "etc/second"));
    return (await create({ cwd: folder, portable: true }, ["."]).concat()) as Buffer;
  });
}

const inPieces = (bytes: Buffer, size = 1000) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  );

const readArchive = (packed: Readable, mediaType: string) => read(packed, mediaType, readEntry);

describe("a filesystem layer", () => {
  const packings: [string, (bytes: Buffer) => Buffer][] = [
    ["application/vnd.oci.image.layer.v1.tar", (bytes) => bytes],
    ["application/vnd.oci.image.layer.v1.tar+gzip", gzipSync],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", gzipSync],
    ["application/vnd.oci.image.layer.v1.tar+zstd", zstdCompressSync],
  ];
  for (const [mediaType, pack] of packings) {
    it(`is read as ${mediaType}`, async () => {
      const entries = new Map(await readArchive(inPieces(pack(await archive())), mediaType));
      const motd = entries.get("./etc/motd") ?? entries.get("./etc/second");
      assert.equal(motd?.contents, sha256("hello\n"));
      assert.equal(motd?.size, 6);
      assert.equal(motd?.mode, 0o640);
      assert.equal(entries.get("./big\nname")?.contents, sha256("x".repeat(300_000)));
      assert.equal(entries.get(`./${long}`)?.contents, sha256("y"));
      assert.equal(entries.get("./etc/link")?.kind, "link");
      assert.equal(entries.get("./etc/link")?.contents, "motd");
      assert.ok([...entries.values()].some(({ kind }) => kind === "hard link"));
      assert.equal(entries.get("./etc/")?.kind, "folder");
      assert.ok(entries.has("./etc/.wh.gone"));
    });
  }

  it("that is cut off, or none, is an error", async () => {
    const whole = zstdCompressSync(await archive());
    const zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    await assert.rejects(readArchive(inPieces(whole.subarray(0, whole.length / 2)), zstd));
    await assert.rejects(readArchive(inPieces(Buffer.from("<html>no such thing</html>")), zstd));
    await assert.rejects(readArchive(inPieces(Buffer.from("<html>no such thing</html>".repeat(100))), "…tar"));
    const plain = await archive();
    await assert.rejects(readArchive(inPieces(plain.subarray(0, 200_000)), "…tar"));
  });

  it("may be empty", async () => {
    assert.deepEqual(await readArchive(inPieces(Buffer.alloc(1024)), "…tar"), []);
  });
});

describe("a filesystem layer that cannot be read", () => {
  const layer = {
    digest: `sha256:${"1".repeat(64)}`,
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    size: 1,
  };

  it("is told by what regctl says, without what opens a storage", async () => {
    const script = 'echo "failed to get https://storage.test/blob?X-Signature=hidden: [http 403]" >&2; exit 1';
    await withTools({ regctl: script }, (env) =>
      assert.rejects(entriesOf("registry.test/app", layer, env), (error: Error) => {
        assert.match(
          error.message,
          /the layer sha256:1+ cannot be read: failed to get https:\/\/storage\.test\/blob\?…/,
        );
        assert.doesNotMatch(error.message, /hidden/);
        return true;
      }),
    );
  });
});
