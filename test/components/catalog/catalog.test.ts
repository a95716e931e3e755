import assert from "node:assert/strict";
import { readCatalog } from "../../../components/catalog/catalog";
import type { Upstream } from "../../../components/catalog/upstreams";
import { withFolder } from "./folder";

const debian: Upstream = {
  name: "debian:trixie-slim",
  ref: "docker.io/library/debian@sha256:1",
  digest: "sha256:1",
  standIn: false,
};
const upstreams = new Map([[debian.name, debian]]);

const read = (files: Record<string, string>) =>
  withFolder(files, (folder) => readCatalog(folder, upstreams, "upstreams.yaml"));

describe("the catalog", () => {
  it("has a layer for every folder with a Dockerfile, each after all that it needs", () => {
    const catalog = read({
      "app/Dockerfile": "FROM tooling\nCOPY --from=assets / /\n",
      "assets/Dockerfile": "FROM scratch\nCOPY a /\n",
      "assets/a": "a",
      "base/Dockerfile": "FROM debian:trixie-slim\n",
      "notes/README.md": "no image",
      "tooling/Dockerfile": "FROM base\n",
    });
    assert.deepEqual(
      catalog.map((layer) => layer.name),
      ["assets", "base", "tooling", "app"],
    );
    const [, base, , app] = catalog;
    assert.deepEqual(base?.upstreams, [debian]);
    assert.deepEqual(app?.layers, ["assets", "tooling"]);
    assert.equal(app?.base, "tooling");
  });

  it("lets a layer have the name of an upstream's repository", () => {
    const catalog = read({ "debian/Dockerfile": "FROM debian:trixie-slim\n", "app/Dockerfile": "FROM debian\n" });
    assert.deepEqual(
      catalog.map((layer) => [layer.name, layer.layers, layer.upstreams.length]),
      [
        ["debian", [], 1],
        ["app", ["debian"], 0],
      ],
    );
  });

  const mistakes: [string, Record<string, string>, RegExp][] = [
    [
      "an image that is neither a layer nor pinned",
      { "app/Dockerfile": "\nFROM bsae\n" },
      /app\/Dockerfile:2: "bsae" is neither a layer \(app\) nor pinned; .* upstreams\.yaml/,
    ],
    ["a circle", { "a/Dockerfile": "FROM b", "b/Dockerfile": "FROM c", "c/Dockerfile": "FROM b" }, /circle: b → c → b/],
    ["a layer that needs itself", { "a/Dockerfile": "FROM a" }, /circle: a → a/],
    [
      "a name that no registry takes",
      { "My_Image/Dockerfile": "FROM scratch" },
      /My_Image: is no name for a repository/,
    ],
    ["a family without images", { "README.md": "" }, /has no folder with a Dockerfile/],
  ];
  for (const [what, files, message] of mistakes) {
    it(`refuses ${what}`, () => {
      assert.throws(() => read(files), { name: "InputError", message });
    });
  }

  it("refuses a folder that is not there, and says which key names it", () => {
    assert.throws(
      () => readCatalog("/no/such/folder", upstreams, "upstreams.yaml"),
      /no such folder; .* strata:images/,
    );
  });
});
