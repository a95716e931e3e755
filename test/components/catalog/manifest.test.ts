import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { manifestSchema, readManifest } from "../../../components/catalog/manifest";
import { withFolder } from "./folder";

const read = (text: string) => withFolder({ "image.yaml": text }, (folder) => readManifest(join(folder, "image.yaml")));

describe("image.yaml", () => {
  it("may say all that a Dockerfile cannot, and need not be there", () => {
    const text = [
      "description: What people use",
      "platforms: [linux/amd64, linux/arm64]",
      "context: services/app",
      "arguments: { VERSION: '3' }",
      "sizeBudget: 550 MB",
      "timestamps: constant",
      "rebuild: 2",
    ];
    assert.deepEqual(read(text.join("\n")), {
      description: "What people use",
      platforms: ["linux/amd64", "linux/arm64"],
      context: "services/app",
      arguments: { VERSION: "3" },
      sizeBudget: "550 MB",
      timestamps: "constant",
      rebuild: 2,
    });
    assert.deepEqual(readManifest("no/such/image.yaml"), {});
    assert.deepEqual(read(""), {});
  });

  const mistakes: [string, string, RegExp][] = [
    [
      "a key that there is not",
      "rebuild: 1\nplatform: linux/amd64\n",
      /image\.yaml:2: platform: there is no such key; keys are description, platforms/,
    ],
    [
      "a platform that is none",
      "platforms:\n  - linux/amd64\n  - arm\n",
      /image\.yaml:3: platforms\.1: expected os\/architecture/,
    ],
    ["an architecture that there is not", "platforms: [linux/arm46]\n", /image\.yaml:1: platforms\.0: expected os/],
    ["another name of one", "platforms: [linux/aarch64]\n", /platforms\.0: write linux\/arm64 for linux\/aarch64/],
    ["what is no list", "platforms: linux/amd64\n", /platforms: expected a list, such as \[linux\/amd64\]/],
    ["a number as an argument", "arguments: { GO: 1.2 }\n", /arguments\.GO: expected text; put a number in quotes/],
    ["a list for the whole", "- a\n", /image\.yaml:1: expected keys with values/],
    ["a context outside", "context: ../../etc\n", /image\.yaml:1: context: expected a folder relative to/],
    ["an absolute context", "context: /etc\n", /image\.yaml:1: context: expected a folder/],
    ["a size without a unit", "sizeBudget: '550'\n", /image\.yaml:1: sizeBudget: expected a size such as 550 MB/],
    ["other timestamps", "timestamps: own\n", /image\.yaml:1: timestamps: expected constant, or no such key/],
    ["what is no YAML", "a: [1\n", /image\.yaml:\d: is no YAML/],
  ];
  for (const [what, text, message] of mistakes) {
    it(`refuses ${what}, with the line`, () => {
      assert.throws(() => read(text), { name: "InputError", message });
    });
  }

  it("has a JSON Schema for editors that is the one it is checked with", () => {
    const file = join(__dirname, "../../../components/catalog/image.schema.json");
    assert.deepEqual(
      JSON.parse(readFileSync(file, "utf8")),
      JSON.parse(JSON.stringify(z.toJSONSchema(manifestSchema))),
    );
  });
});
