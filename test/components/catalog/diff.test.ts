import assert from "node:assert/strict";
import { type Catalog, readCatalog, surveyCatalog } from "../../../components/catalog/catalog";
import { diffCatalogs, type LayerChange } from "../../../components/catalog/diff";
import type { Upstream } from "../../../components/catalog/upstreams";
import { withFolder } from "./folder";

const family = {
  "base/Dockerfile": "FROM debian:12\nRUN apt-get update\n",
  "tooling/Dockerfile": "FROM base\nCOPY --link bin /bin\n",
  "tooling/bin/a": "a",
  "app/Dockerfile": "ARG V=1\nFROM tooling\nCOPY --link . /app\nUSER 1001\n",
  "app/main": "main",
  "site/Dockerfile": "FROM debian:12\nCOPY --from=app /app /app\n",
};

function read(files: Record<string, string>, digest = "1"): Catalog {
  const pin: Upstream = { name: "debian:12", ref: "", digest: `sha256:${digest.repeat(64)}`, standIn: false };
  const source = { upstreams: new Map([[pin.name, pin]]), pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
  return withFolder(files, (folder) => readCatalog({ ...source, images: folder, root: folder }));
}

const changed = (changes: readonly LayerChange[]) =>
  changes
    .filter(({ action }) => action !== "unchanged")
    .map(({ name, action, reasons }) => `${name} ${action}: ${reasons.join(", ")}`);

describe("the difference of two catalogs", () => {
  it("is nothing for the same family", () => {
    assert.deepEqual(changed(diffCatalogs(read(family), read(family))), []);
  });

  it("is nothing for a comment", () => {
    const after = { ...family, "base/Dockerfile": "# why\nFROM debian:12\n\nRUN apt-get update\n" };
    assert.deepEqual(changed(diffCatalogs(read(family), read(after))), []);
  });

  const edits: [string, Record<string, string>, string[]][] = [
    ["a file", { "app/main": "other" }, ["app build: M main", "site build: parent app"]],
    ["a new file", { "app/more": "" }, ["app build: A more", "site build: parent app"]],
    [
      "a file far down: layers of linked copies are rebased",
      { "base/Dockerfile": "FROM debian:12\nRUN true\n" },
      [
        "base build: M Dockerfile",
        "tooling rebase: parent base",
        "app rebase: parent tooling",
        "site build: parent app",
      ],
    ],
    [
      "an argument",
      { "app/image.yaml": "arguments: { V: '2' }\n" },
      ["app build: A image.yaml, argument V", "site build: parent app"],
    ],
    [
      "a platform",
      { "base/image.yaml": "platforms: [linux/amd64, linux/arm64]\n" },
      ["base build: platform", "tooling rebase: parent base", "app rebase: parent tooling", "site build: parent app"],
    ],
    ["times that are constant", { "site/image.yaml": "timestamps: constant\n" }, ["site build: timestamps"]],
    ["a forced rebuild", { "site/image.yaml": "rebuild: 3\n" }, ["site build: rebuild 0→3"]],
    [
      "a description",
      { "site/image.yaml": "description: What is served.\n" },
      ["site build: label org.opencontainers.image.description"],
    ],
    ["a new layer", { "new/Dockerfile": "FROM app\n" }, ["new new: "]],
  ];
  for (const [what, edit, expected] of edits) {
    it(`says what follows from ${what}`, () => {
      assert.deepEqual(changed(diffCatalogs(read(family), read({ ...family, ...edit }))), expected);
    });
  }

  it("says what follows from an upstream that moved", () => {
    assert.deepEqual(changed(diffCatalogs(read(family), read(family, "2"))), [
      "base build: upstream debian:12 11111111…→22222222…",
      "tooling rebase: parent base",
      "app rebase: parent tooling",
      "site build: upstream debian:12 11111111…→22222222…, parent app",
    ]);
  });

  it("says so when a layer is gone and its name is an upstream's now", () => {
    const { "base/Dockerfile": _base, ...after } = { ...family, "constructor/Dockerfile": "FROM scratch\n" };
    const pins = ["debian:12", "base"].map(
      (name) => [name, { name, ref: "", digest: "sha256:1", standIn: false }] as const,
    );
    const source = { upstreams: new Map(pins), pinsFile: "", platforms: ["linux/amd64"] };
    const { layers } = withFolder(after, (folder) => surveyCatalog({ ...source, images: folder, root: folder }));
    assert.ok(changed(diffCatalogs(read(family), layers)).includes("tooling rebase: parent base"));
  });

  it("says so when ONBUILD steps of what is beneath change", () => {
    const onbuild = (to: string) => ({
      ...family,
      "base/Dockerfile": `FROM debian:12\nONBUILD COPY --link bin ${to}\n`,
    });
    const changes = changed(diffCatalogs(read(onbuild("/x")), read(onbuild("/y"))));
    assert.ok(changes.includes("tooling build: ONBUILD of what is beneath, parent base"), changes.join("\n"));
  });

  it("has layers and files that are gone", () => {
    const { "site/Dockerfile": _site, "app/main": _main, ...after } = family;
    assert.deepEqual(changed(diffCatalogs(read(family), read(after))), ["app build: D main", "site removed: "]);
  });
});
