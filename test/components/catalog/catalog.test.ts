import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const sourceOf = (images: string) => ({
  images,
  root: images,
  upstreams,
  pinsFile: "upstreams.yaml",
  platforms: ["linux/amd64"],
});

const read = (files: Record<string, string>) => withFolder(files, (folder) => readCatalog(sourceOf(folder)));

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

  it("misses a secret that a step needs and that is not configured", () => {
    const dockerfile = "FROM debian:trixie-slim\nRUN --mount=type=secret,id=a,required --mount=type=secret,id=b x\n";
    withFolder({ "app/Dockerfile": dockerfile }, (folder) => {
      const source = sourceOf(folder);
      const message =
        /app\/Dockerfile:2: needs the secret a; set it with: pulumi config set --secret --path 'strata:secrets\["a"\]'$/;
      assert.throws(() => readCatalog({ ...source, secrets: new Set(["c"]) }), { message });
      assert.equal(readCatalog({ ...source, secrets: new Set(["a"]) })[0]?.secrets.length, 2);
      assert.equal(readCatalog(source).length, 1);
    });
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
      { "app/Dockerfile": "\nFROM bsae:1\n" },
      /app\/Dockerfile:2: "bsae:1" is neither a layer \(app\) nor pinned; .* upstreams\.yaml/,
    ],
    [
      "an image that is no layer and has no tag",
      { "app/Dockerfile": "FROM bsae\n" },
      /app\/Dockerfile:1: "bsae" is no layer \(app\), and an upstream without a tag moves/,
    ],
    [
      "the tag latest",
      { "app/Dockerfile": "FROM debian:latest\n" },
      /app\/Dockerfile:1: "debian:latest" has the tag latest/,
    ],
    [
      "the tag latest of a layer",
      { "base/Dockerfile": "FROM scratch\n", "app/Dockerfile": "FROM base:latest\n" },
      /app\/Dockerfile:1: "base:latest" has the tag latest, which moves; name a version, or a layer without a tag/,
    ],
    [
      "a source that is not there",
      { "app/Dockerfile": "FROM scratch\nCOPY a b /\n", "app/b": "" },
      /app\/Dockerfile:2: there is no "a" in the build context .*app; correct the path/,
    ],
    [
      "an argument that no ARG declares",
      { "app/Dockerfile": "FROM scratch\n", "app/image.yaml": "arguments: { VERSON: '1' }\n" },
      /app\/image\.yaml: arguments\.VERSON: the Dockerfile has no ARG VERSON/,
    ],
    [
      "two folders that differ in case only",
      { "app/Dockerfile": "FROM scratch", "App/Dockerfile": "FROM scratch" },
      /app: differs from App in upper and lower case only/,
    ],
    [
      "a platform that a layer beneath is not built for",
      {
        "base/Dockerfile": "FROM scratch\n",
        "app/Dockerfile": "FROM base\n",
        "app/image.yaml": "platforms: [linux/amd64, linux/arm64]\n",
      },
      /app: stands on base, which is not built for linux\/arm64; add it to the platforms there/,
    ],
    [
      "a platform that a layer to copy from is not built for, whatever the stage's is",
      {
        "base/Dockerfile": "FROM scratch\n",
        "app/Dockerfile": "FROM --platform=linux/amd64 debian:trixie-slim\nCOPY --from=base / /\n",
        "app/image.yaml": "platforms: [linux/arm64]\n",
      },
      /app: stands on base, which is not built for linux\/arm64/,
    ],
    ["a layer named scratch", { "scratch/Dockerfile": "FROM scratch" }, /scratch: is no name for a repository/],
    [
      "a context that is not there",
      { "app/Dockerfile": "FROM scratch", "app/image.yaml": "context: src\n" },
      /image\.yaml: context: there is no folder .*src/,
    ],
    [
      "a Dockerfile that is not UTF-8",
      { "app/Dockerfile": "FROM scratch\nRUN \xff\n" },
      /app\/Dockerfile: is not UTF-8; save it as such/,
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
    assert.throws(() => readCatalog(sourceOf("/no/such/folder")), /no such folder; .* strata:images/);
  });

  it("says all that is wrong at once", () => {
    assert.throws(
      () => read({ "a/Dockerfile": "FROM x:1\nCOPY a /\n", "b/Dockerfile": "FORM x\n" }),
      (error: Error) => {
        assert.equal(error.message.split("\n").length, 3, error.message);
        return true;
      },
    );
  });

  const crossed: [string, string][] = [
    ["the builder's own", "FROM --platform=$BUILDPLATFORM base AS build\nFROM scratch\nCOPY --from=build / /\n"],
    ["one that it is built for", "FROM --platform=linux/amd64 base AS build\nFROM scratch\nCOPY --from=build / /\n"],
  ];
  for (const [what, dockerfile] of crossed) {
    it(`needs of a layer beneath no platform but what it takes: ${what}`, () => {
      const catalog = read({
        "base/Dockerfile": "FROM scratch\n",
        "app/Dockerfile": dockerfile,
        "app/image.yaml": "platforms: [linux/amd64, linux/arm64]\n",
      });
      assert.deepEqual(
        catalog.map(({ name }) => name),
        ["base", "app"],
      );
    });
  }

  it("knows of each layer the platforms that it needs and runs commands on", () => {
    const [app] = read({
      "app/Dockerfile": [
        "FROM --platform=$BUILDPLATFORM debian:trixie-slim AS build",
        "RUN make",
        "FROM debian:trixie-slim",
        "COPY --from=build / /",
        "RUN check",
      ].join("\n"),
      "app/image.yaml": "platforms: [linux/arm64]\n",
    });
    assert.deepEqual(app?.needs, { "debian:trixie-slim": { platforms: ["linux/arm64"], ofBuilder: true } });
    assert.deepEqual(app?.commandPlatforms, ["linux/arm64"]);
  });

  it("says once what is wrong on every platform", () => {
    const files = {
      "a/Dockerfile": "FROM scratch\nADD https://x.example/y /\n",
      "a/image.yaml": "platforms: [linux/amd64, linux/arm64]\n",
    };
    assert.throws(() => read(files), { message: /^\S*a\/Dockerfile:2: ADD of \S+ has no checksum[^\n]*$/ });
  });

  it("reads a context elsewhere in the repository, but not one that a link leads out to", () => {
    const files = {
      "go/main.go": "package main",
      "app/Dockerfile": "FROM scratch\nCOPY main.go /\n",
      "app/image.yaml": "context: go\n",
    };
    withFolder(files, (folder) => {
      const [app] = readCatalog(sourceOf(folder));
      assert.deepEqual(
        app?.files.map(({ path }) => path),
        ["main.go"],
      );
      symlinkSync("/usr", join(folder, "out"));
      writeFileSync(join(folder, "app/image.yaml"), "context: out\n");
      assert.throws(() => readCatalog(sourceOf(folder)), /image\.yaml: context: .* leads out of the repository/);
    });
  });

  it("takes what image.yaml says", () => {
    const [app] = read({
      "app/Dockerfile": "ARG TAG=none\nFROM debian:$TAG\n",
      "app/image.yaml": "arguments: { TAG: trixie-slim }\nplatforms: [linux/arm64]\nrebuild: 2\n",
    });
    assert.deepEqual(app?.upstreams, [debian]);
    assert.deepEqual([app?.arguments, app?.platforms, app?.rebuild], [{ TAG: "trixie-slim" }, ["linux/arm64"], 2]);
  });

  it("runs the ONBUILD steps of a layer in those upon it, with their files and parents", () => {
    const catalog = read({
      "assets/Dockerfile": "FROM scratch\n",
      "base/Dockerfile": "FROM scratch\nONBUILD COPY src /src\nONBUILD COPY --from=assets / /\n",
      "app/Dockerfile": "FROM base\n",
      "app/src/a": "",
      "app/other": "",
      "top/Dockerfile": "FROM app\n",
    });
    const of = (name: string) => catalog.find((layer) => layer.name === name);
    assert.deepEqual(
      of("app")?.files.map(({ path }) => path),
      ["src/a"],
    );
    assert.deepEqual(of("app")?.layers, ["assets", "base"]);
    assert.deepEqual(of("top")?.layers, ["app"], "a trigger runs once");
  });

  it("takes the whole context where an upstream's name says that it has ONBUILD steps", () => {
    const onbuild = { ...debian, name: "node:22-onbuild" };
    const source = (images: string) => ({ ...sourceOf(images), upstreams: new Map([[onbuild.name, onbuild]]) });
    const files = { "app/Dockerfile": "FROM node:22-onbuild\n", "app/a": "" };
    const [app] = withFolder(files, (folder) => readCatalog(source(folder)));
    assert.deepEqual(
      app?.files.map(({ path }) => path),
      ["Dockerfile", "a"],
    );
  });

  it("knows an upstream by any form of its name, and one with a digest without a pin", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const catalog = read({
      "a/Dockerfile": "FROM docker.io/library/debian:trixie-slim\n",
      "b/Dockerfile": `FROM ghcr.io/acme/tool:1@${digest}\n`,
    });
    assert.deepEqual(catalog[0]?.upstreams, [debian]);
    assert.deepEqual(catalog[1]?.upstreams, [
      { name: `ghcr.io/acme/tool:1@${digest}`, ref: `ghcr.io/acme/tool@${digest}`, digest, standIn: false },
    ]);
  });
});
