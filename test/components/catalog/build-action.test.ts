import assert from "node:assert/strict";
import { actionOf } from "../../../components/catalog/build-action";
import { buildId, type Ingredients } from "../../../components/catalog/build-id";

const made: Ingredients = {
  files: "",
  dockerfile: "FROM base\nCOPY --link --from=tools /x /x\n",
  arguments: {},
  platforms: ["linux/amd64"],
  rebuild: 0,
  parents: { base: "sha256:1", tools: "sha256:2" },
  options: { compression: "zstd" },
};
const last = { buildId: buildId(made), parents: made.parents };
const on = (parents: Record<string, string>) => ({ ...made, parents: { ...made.parents, ...parents } });

describe("what an update does with a layer", () => {
  const cases: [string, ReturnType<typeof actionOf>, Ingredients, readonly string[]][] = [
    ["leaves what is made of the same", "unchanged", made, ["base"]],
    ["builds what changes by itself", "build", { ...made, rebuild: 1 }, []],
    ["builds what changes by itself and beneath", "build", { ...on({ tools: "sha256:9" }), files: "a" }, []],
    ["rebases what only moves", "rebase", on({ base: "sha256:9", tools: "not known yet" }), []],
    ["builds what steps run inside", "build", on({ base: "not known yet" }), ["base"]],
    ["rebases what takes files of an image, and runs inside another", "rebase", on({ tools: "sha256:9" }), ["base"]],
    ["builds what needs one more image", "build", on({ more: "sha256:3" }), []],
    ["builds what needs one less", "build", { ...made, parents: { base: "sha256:1" } }, []],
  ];
  for (const [what, expected, now, runsInside] of cases) {
    it(what, () => assert.equal(actionOf(now, last, runsInside), expected));
  }

  it("makes what was never built", () => assert.equal(actionOf(made, undefined, []), "new"));
});
