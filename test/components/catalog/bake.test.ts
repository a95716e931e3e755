import assert from "node:assert/strict";
import { bakeFile } from "../../../components/catalog/bake";
import { literal } from "../../../components/catalog/bake-text";
import { readCatalog } from "../../../components/catalog/catalog";
import { withFolder } from "./folder";

const upstream = { name: "debian:12", ref: "docker.io/library/debian@sha256:1", digest: "sha256:1", standIn: true };

describe("a bake file", () => {
  it("has texts that buildx would take for templates as they are", () => {
    const level = "{level}";
    const texts = { args: { FORMAT: `%{time} $${level} $HOME 5%` }, tags: ["a"] };
    assert.deepEqual(literal(texts), { args: { FORMAT: `%%{time} $$${level} $HOME 5%` }, tags: ["a"] });
  });

  it("has each layer with its context, pins, parents, arguments, platforms and mark", () => {
    const files = {
      "images/base.os/Dockerfile": "FROM debian:12\n",
      "images/app/Dockerfile":
        "FROM base.os\nARG V\nRUN --mount=type=secret,id=key,required --mount=type=secret,id=other x\nCOPY main.go /\n",
      "images/app/image.yaml": "context: src\narguments: { V: '1' }\nplatforms: [linux/arm64]\nrebuild: 2\n",
      "images/base.os/image.yaml": "platforms: [linux/amd64, linux/arm64]\n",
      "src/main.go": "",
    };
    withFolder(files, (root) => {
      const source = { upstreams: new Map([[upstream.name, upstream]]), pinsFile: "", platforms: ["linux/amd64"] };
      const file = bakeFile(readCatalog({ ...source, images: `${root}/images`, root }));
      const labels = (name: string, base: string) => ({
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.description": "",
        "org.opencontainers.image.base.name": base,
        "strata.stand-in": "debian:12",
      });
      assert.deepEqual(file, {
        group: { default: { targets: ["baseDos", "app"] } },
        target: {
          baseDos: {
            context: `${root}/images/base.os`,
            dockerfile: "Dockerfile",
            contexts: { "debian:12": "docker-image://docker.io/library/debian@sha256:1" },
            platforms: ["linux/amd64", "linux/arm64"],
            labels: labels("base.os", "debian:12"),
            tags: ["base.os"],
          },
          app: {
            context: `${root}/src`,
            dockerfile: "../images/app/Dockerfile",
            contexts: { "base.os": "target:baseDos" },
            args: { V: "1" },
            platforms: ["linux/arm64"],
            "extra-hosts": { "rebuild-2": "127.0.0.1" },
            secret: ["id=key"],
            labels: labels("app", "base.os"),
            tags: ["app"],
          },
        },
      });
    });
  });
});
