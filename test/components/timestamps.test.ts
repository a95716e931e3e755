import assert from "node:assert/strict";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { create } from "tar";
import type { ImageLayers } from "../../components/image";
import { checkTimestamps, later, type Newest, newestAdded, newestFile } from "../../components/timestamps";
import { withFolder } from "./catalog/folder";
import { withTools } from "./fake-tool";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const zstd = "application/vnd.oci.image.layer.v1.tar+zstd";

/** A filesystem layer with files of these times, in seconds. */
function archiveOf(times: Readonly<Record<string, number>>): Promise<Buffer> {
  const files = Object.fromEntries(Object.keys(times).map((path) => [path, path]));
  return withFolder(files, async (folder) => {
    for (const [path, time] of Object.entries(times)) utimesSync(join(folder, path), time, time);
    return zstdCompressSync((await create({ cwd: folder }, Object.keys(times)).concat()) as Buffer);
  });
}

describe("the newest file of filesystem layers", () => {
  it("is found among all of them", async () => {
    const layers = { [digestOf("1")]: { old: 1, "bin/new": 1577836801 }, [digestOf("2")]: { other: 1577836800 } };
    await withFolder({}, async (folder) => {
      for (const [digest, times] of Object.entries(layers)) writeFileSync(join(folder, digest), await archiveOf(times));
      const blobs = Object.keys(layers).map((digest) => ({ digest, size: 1, mediaType: zstd }));
      await withTools({ regctl: `exec /bin/cat "${folder}/$4"` }, async (env) => {
        const [both, second] = [
          await newestFile("r.test/a", blobs, env),
          await newestFile("r.test/a", blobs.slice(1), env),
        ];
        assert.deepEqual(both, { path: "bin/new", time: "2020-01-01T00:00:01.000Z" });
        assert.deepEqual(second, { path: "other", time: "2020-01-01T00:00:00.000Z" });
        assert.equal(await newestFile("r.test/a", [], env), null);
      });
    });
  });

  it("is not told of a layer that cannot be read", async () => {
    const blob = { digest: digestOf("1"), size: 1, mediaType: zstd };
    const script = 'echo >> "$CALLS"; echo no such blob >&2; exit 1';
    await withTools({ regctl: script }, async (env) => {
      await assert.rejects(newestFile("r.test/a", [blob], env), /the layer sha256:1+ cannot be read: no such blob/);
      assert.equal(readFileSync(env.CALLS, "utf8"), "\n\n", "once more, since a connection may break off");
    });
  });

  it("is the later of two", () => {
    const [old, young] = ["2019-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"].map((time) => ({ path: "a", time }));
    assert.deepEqual([later(old ?? null, young ?? null), later(young ?? null, old ?? null)], [young, young]);
    assert.deepEqual([later(null, old ?? null), later(old ?? null, null), later(null, null)], [old, old, null]);
  });
});

describe("the newest file that an image adds", () => {
  const layersOf = (digits: string) => [[...digits].map((digit) => ({ digest: digestOf(digit), size: 1 }))];
  const images: Record<string, ImageLayers> = {
    "": [],
    "r.test/base@sha256:b": layersOf("1"),
    "r.test/tools@sha256:o": layersOf("123"),
    "r.test/tools@sha256:n": [...layersOf("134"), ...layersOf("156")],
  };
  const old = { path: "old", time: "2020-01-01T00:00:00.000Z" };
  const young = { path: "young", time: "2026-01-01T00:00:00.000Z" };

  /** What is read of the new image, and what is found, where the old one had this newest file. */
  async function found(newest: Newest | undefined, { gone = "none", base = "r.test/base@sha256:b" } = {}) {
    let read = "";
    const before = newest && { ref: "r.test/tools@sha256:o", newest };
    const is = await newestAdded("r.test/tools@sha256:n", base, before, {
      layersOf: async (ref) => (ref === gone ? undefined : images[ref]),
      newestFile: async (repository, layers) => {
        assert.equal(repository, "r.test/tools");
        read = layers.map(({ digest }) => digest[7]).join("");
        return { path: "read", time: "2019-01-01T00:00:00.000Z" };
      },
    });
    return { read, is: is?.path };
  }

  it("is looked for in what its base has not, of all platforms", async () => {
    assert.deepEqual(await found(undefined), { read: "3456", is: "read" });
    assert.deepEqual(await found(undefined, { base: "" }), { read: "13456", is: "read" });
  });

  it("is looked for in what the image before had not, where that was well", async () => {
    assert.deepEqual(await found(old), { read: "456", is: "old" });
    assert.deepEqual(await found(young), { read: "3456", is: "read" });
  });

  it("is looked for in all where the image before is gone", async () => {
    assert.deepEqual(await found(old, { gone: "r.test/tools@sha256:o" }), { read: "3456", is: "read" });
  });

  it("is not known where the image or its base is gone", async () => {
    for (const gone of ["r.test/tools@sha256:n", "r.test/base@sha256:b"]) {
      await assert.rejects(found(undefined, { gone }), new RegExp(`the registry does not have ${gone}`));
    }
  });
});

describe("constant times", () => {
  const layer = {
    name: "tools",
    dockerfilePath: "images/tools/Dockerfile",
    timestamps: "constant",
  } as const;
  const newest = { path: "usr/bin/tool", time: "2020-01-01T00:00:01.000Z" };

  it("are those of no file that is newer than SOURCE_DATE_EPOCH, which is told with what to do", () => {
    assert.match(
      checkTimestamps(layer, newest)?.message ?? "",
      /^images\/tools\/image\.yaml: timestamps: \/usr\/bin\/tool of tools is of 2020-01-01T00:00:01\.000Z, later than SOURCE_DATE_EPOCH \(2020-01-01T00:00:00\.000Z\).*touch -hd @\$\{SOURCE_DATE_EPOCH:-0\}.*; then raise rebuild,.*; or remove the key/,
    );
  });

  it("are kept by older files, by none, and by what promises nothing", () => {
    assert.equal(checkTimestamps(layer, { ...newest, time: "2020-01-01T00:00:00.000Z" }), undefined);
    assert.equal(checkTimestamps(layer, null), undefined);
    assert.equal(checkTimestamps(layer, undefined), undefined);
    assert.equal(checkTimestamps({ ...layer, timestamps: undefined }, newest), undefined);
  });
});
