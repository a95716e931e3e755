import assert from "node:assert/strict";
import { join } from "node:path";
import { readCatalog, surveyCatalog } from "../../../../components/catalog/catalog";
import { layersFrom } from "../../../../components/catalog/pins/compare";
import { LockError } from "../../../../components/catalog/pins/packages";
import type { Upstream } from "../../../../components/catalog/upstreams";
import { withFolder } from "../folder";

const digest = `sha256:${"1".repeat(64)}`;
const upstream = (name: string): [string, Upstream] => [
  name,
  { name, ref: `${name}@${digest}`, digest, standIn: false },
];
const upstreams = new Map([upstream("debian:13"), upstream("alpine:3")]);
const source = (images: string) => ({ images, upstreams, pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] });

const install = (path: string) =>
  `RUN --mount=type=bind,source=${path},target=/packages.lock apt-get install -y $(cat /packages.lock)\n`;
const base = {
  "base/Dockerfile": `FROM debian:13\n${install("packages.lock")}`,
  "base/packages.txt": "curl # to fetch\n",
  "base/packages.lock": "curl=1\n",
};

describe("locks of packages", () => {
  it("are found with the list beside them and the image beneath, through stages and in subfolders", () => {
    const files = {
      ...base,
      "tool/Dockerfile": `FROM alpine:3 AS a\nFROM a AS b\n${install("b/packages.lock")}FROM base\nCOPY --from=b /x /x\n${install("packages.lock")}`,
      "tool/b/packages.txt": "age\n",
      "tool/b/packages.lock": "age=1\n",
      "tool/packages.txt": "jq\n",
      "tool/packages.lock": "jq=1\n",
    };
    withFolder(files, (folder) => {
      const layers = readCatalog(source(folder));
      const found = layers.flatMap(({ packageLocks }) =>
        packageLocks.map(({ file, base }) => [file.slice(folder.length + 1), base]),
      );
      assert.deepEqual(found, [
        ["base/packages.lock", "debian:13"],
        ["tool/b/packages.lock", "alpine:3"],
        ["tool/packages.lock", "base"],
      ]);
      assert.deepEqual(
        layersFrom(layers, ({ name }) => name === "base"),
        ["base", "tool"],
      );
      assert.deepEqual(
        layersFrom(layers, ({ name }) => name === "tool"),
        ["tool"],
      );
    });
  });

  it("change what is built, and the lists beside them do not", () => {
    withFolder(base, (folder) => {
      assert.deepEqual(
        readCatalog(source(folder))[0]?.files.map(({ path }) => path),
        ["packages.lock"],
      );
    });
  });

  it("are refused where they are missing or broken, in one line that says what to do, and a survey goes on", () => {
    const { "base/packages.lock": _, ...missing } = base;
    const broken = { ...base, "base/packages.lock": "curl=1\n=======\n" };
    for (const [files, message] of [
      [missing, /packages\.lock: no such file; make it from .*packages\.txt with: strata pins --write$/],
      [broken, /packages\.lock:2: expected name=version; make it anew with: strata pins --write$/],
    ] as const) {
      withFolder(files, (folder) => {
        assert.throws(() => readCatalog(source(folder)), { name: "InputError", message });
        const { layers, problems } = surveyCatalog(source(folder));
        assert.ok(problems.length === 1 && problems[0] instanceof LockError);
        assert.equal(layers[0]?.packageLocks.length, 1);
      });
    }
  });

  it("are refused where stages on different images read one", () => {
    const dockerfile = `FROM alpine:3 AS a\n${install("packages.lock")}FROM debian:13\n${install("packages.lock")}COPY --from=a /x /x\n`;
    withFolder({ ...base, "base/Dockerfile": dockerfile }, (folder) => {
      assert.throws(
        () => readCatalog(source(folder)),
        /Dockerfile:4: packages\.lock is read by stages on alpine:3 and on debian:13, .*; give each a lock of its own/,
      );
    });
  });

  it("are files like any other where no list is beside them", () => {
    const { "base/packages.txt": _, ...others } = base;
    withFolder({ ...others, "base/packages.lock": "{}\n" }, (folder) => {
      assert.deepEqual(readCatalog(source(folder))[0]?.packageLocks, []);
    });
    withFolder({ "base/Dockerfile": base["base/Dockerfile"] }, (folder) => {
      assert.throws(
        () => readCatalog(source(folder)),
        new RegExp(`there is no "packages.lock" in .*${join(folder, "base")}`),
      );
    });
  });
});
