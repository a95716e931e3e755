import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildId, type Ingredients } from "../../../components/catalog/build-id";

const ingredients: Ingredients = {
  files: "00 644 a\n",
  dockerfile: "FROM base\n",
  arguments: { VERSION: "3" },
  rebuild: 0,
  parents: { base: "sha256:1", "debian:trixie-slim": "sha256:2" },
  platforms: ["linux/amd64", "linux/arm64"],
  options: { A: "1", B: "2" },
};

describe("the build id", () => {
  it("is sha256 over the documented form", () => {
    const form =
      '[2,"00 644 a\\n","FROM base\\n",[["VERSION","3"]],["linux/amd64","linux/arm64"],0,[["base","sha256:1"],["debian:trixie-slim","sha256:2"]],[["A","1"],["B","2"]]]';
    assert.equal(buildId(ingredients), createHash("sha256").update(form).digest("hex"));
  });

  it("is what its document's vectors say", () => {
    const document = readFileSync(join(__dirname, "../../../docs/build-id.md"), "utf8");
    const vectors = [...document.matchAll(/```json\n(\{.*?\})\n```\n+`([0-9a-f]{64})`/gs)];
    assert.ok(vectors.length >= 3, `${vectors.length}`);
    for (const [, given, expected] of vectors) assert.equal(buildId(JSON.parse(given as string)), expected);
  });

  it("does not change with the order of keys and platforms", () => {
    const shuffled = {
      ...ingredients,
      parents: { "debian:trixie-slim": "sha256:2", base: "sha256:1" },
      platforms: ["linux/arm64", "linux/amd64"],
      options: { B: "2", A: "1" },
    };
    assert.equal(buildId(shuffled), buildId(ingredients));
  });

  const changes: [string, Partial<Ingredients>][] = [
    ["files", { files: "01 644 a\n" }],
    ["Dockerfile", { dockerfile: "FROM base \n" }],
    ["parents' digests", { parents: { ...ingredients.parents, base: "sha256:3" } }],
    ["platforms", { platforms: ["linux/amd64"] }],
    ["arguments", { arguments: { VERSION: "4" } }],
    ["number of rebuilds", { rebuild: 1 }],
    ["options", { options: { A: "1", B: "3" } }],
  ];
  for (const [what, change] of changes) {
    it(`changes with the ${what}`, () => {
      assert.notEqual(buildId({ ...ingredients, ...change }), buildId(ingredients));
    });
  }
});
