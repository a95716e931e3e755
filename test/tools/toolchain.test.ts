import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { findOnPath, isGoodVersion } from "../../tools/toolchain/find";
import { planTools, serviceTools } from "../../tools/toolchain/tools";
import { withFolder } from "../components/catalog/folder";

describe("a tool on PATH", () => {
  const printed: [string, string, boolean][] = [
    ["v3.259.0", "3.259.0", true],
    ["v3.270.1\n", "3.259.0", true],
    ["v3.100.0", "3.259.0", false],
    ["v4.0.0", "3.259.0", false],
    ["buildkitd github.com/moby/buildkit v0.31.2 abcdef", "0.31.0", true],
    ["no version here", "1.0.0", false],
  ];
  for (const [text, wanted, good] of printed) {
    it(`that prints ${JSON.stringify(text)} is ${good ? "" : "not "}good for ${wanted}`, () => {
      assert.equal(isGoodVersion(text, wanted), good);
    });
  }

  it("is used in a good version, and passed by in an old one", async () => {
    const tool = { name: "thing", version: "2.1.0", versionArgs: ["--version"] };
    await withFolder({ thing: '#!/bin/sh\necho "thing 2.3.4"\n' }, async (folder) => {
      chmodSync(`${folder}/thing`, 0o755);
      assert.equal(await findOnPath(tool, folder), `${folder}/thing`);
      assert.equal(await findOnPath({ ...tool, version: "2.4.0" }, folder), undefined);
      assert.equal(await findOnPath({ ...tool, name: "other" }, folder), undefined);
    });
  });
});

describe("the tools", () => {
  it("are pinned in the go.mod that builds them to the version that they are said to have", async () => {
    const { readFileSync } = await import("node:fs");
    const modules: Record<string, string> = {
      pulumi: "github.com/pulumi/pulumi/pkg/v3",
      "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3",
      "pulumi-resource-docker-build": "github.com/pulumi/pulumi-docker-build",
      buildkitd: "github.com/moby/buildkit",
      buildctl: "github.com/moby/buildkit",
      registry: "github.com/distribution/distribution/v3",
      buildx: "github.com/docker/buildx",
      regctl: "github.com/regclient/regclient",
    };
    for (const tool of [...planTools, ...serviceTools]) {
      const pins = readFileSync(`${tool.module}/go.mod`, "utf8");
      assert.ok(pins.includes(`\t${modules[tool.name]} v${tool.version}`), `${tool.name} ${tool.version}`);
    }
  });
});
