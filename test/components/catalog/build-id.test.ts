import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { buildId, type Ingredients } from "../../../components/catalog/build-id";

const ingredients: Ingredients = {
  files: "00 644 a\n",
  dockerfile: "FROM base\n",
  parents: { base: "sha256:1", "debian:trixie-slim": "sha256:2" },
  platforms: ["linux/amd64", "linux/arm64"],
  options: { A: "1", B: "2" },
};

describe("the build id", () => {
  it("is sha256 over the documented form", () => {
    const form =
      '[1,"00 644 a\\n","FROM base\\n",[["base","sha256:1"],["debian:trixie-slim","sha256:2"]],["linux/amd64","linux/arm64"],[["A","1"],["B","2"]]]';
    assert.equal(buildId(ingredients), createHash("sha256").update(form).digest("hex"));
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
    ["options", { options: { A: "1", B: "3" } }],
  ];
  for (const [what, change] of changes) {
    it(`changes with the ${what}`, () => {
      assert.notEqual(buildId({ ...ingredients, ...change }), buildId(ingredients));
    });
  }
});
