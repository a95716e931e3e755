import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PlannedLayer } from "../../../components/catalog/plan";
import { planSchema } from "../../../tools/plan/schema";
import type { StackPlan } from "../../../tools/plan/stack";
import { stackPlanJson, stackPlanText } from "../../../tools/plan/stack-print";

const layer = (name: string, more: Partial<PlannedLayer> = {}): PlannedLayer => {
  return { name, action: "unchanged", reasons: [], seconds: 0, bytes: 0, needs: [], ...more };
};
const plan = (...layers: PlannedLayer[]): StackPlan => {
  return { stack: "dev", layers, parallel: 8, tests: [], tags: [], promotions: undefined, others: [], warnings: [] };
};
const chain = plan(
  layer("base", { action: "build", reasons: ["M packages.lock"], seconds: 42, bytes: 88_100_000 }),
  layer("tooling", { action: "rebase", reasons: ["parent base"], seconds: 0.4, bytes: 0, needs: ["base"] }),
  layer("cli", { action: "rebase", reasons: ["parent base"], seconds: undefined, bytes: undefined, needs: ["base"] }),
  layer("docs"),
  layer("old", { action: "removed" }),
);

describe("a stack's plan in print", () => {
  it("tells of each layer what, how long and why, then the order, then all in a line", () => {
    const text = stackPlanText({ ...chain, tests: ["base"], others: ["create github:index:Secret token"] });
    assert.deepEqual(text.split("\n"), [
      "layer    action   about  pushes   why",
      "───────  ───────  ─────  ───────  ───────────────",
      "base     build    42 s   88.1 MB  M packages.lock",
      "tooling  rebase   0.4 s  –        parent base",
      "cli      rebase   ?      ?        parent base",
      "old      removed  –      –        –",
      "",
      "Longest chain: base → tooling, about 42 s; about 88.1 MB to push",
      "Side by side, up to 8 at once:",
      "  1. base",
      "  2. tooling, cli",
      "Tests run: base",
      "Besides: create github:index:Secret token",
      "",
      "4 of 5 layers: 1 build, 2 rebase, 1 removed, about 42 s and 1 of unknown length",
    ]);
  });

  it("is a line where nothing changes, and where only tests run two", () => {
    assert.equal(stackPlanText(plan(layer("a"))), "0 of 1 layers: nothing to build");
    assert.equal(
      stackPlanText({ ...plan(layer("a")), tests: ["a"] }),
      "Tests run: a\n\n0 of 1 layers: nothing to build",
    );
  });

  it("says that nothing is known of layers that are new, and nothing of time where layers only go", () => {
    const text = stackPlanText(plan(layer("a", { action: "new", seconds: undefined, bytes: undefined })));
    assert.match(text, /^1 of 1 layers: 1 new, how long is not known yet$/m);
    assert.match(stackPlanText(plan(layer("a", { action: "removed" }))), /^1 of 1 layers: 1 removed$/m);
  });

  it("names of long levels and chains a few", () => {
    const many = Array.from({ length: 30 }, (_, index) => layer(`l${index}`, { action: "build", seconds: 1 }));
    assert.match(stackPlanText(plan(...many)), /^ {2}1\. l0, l1, .*, l10, 18 more, l29$/m);
    assert.match(stackPlanText({ ...plan(...many), parallel: 10 }), /about 3\.0 s$/);
  });
});

describe("a stack's plan for programs", () => {
  it("has all of it, with null for what is not known", () => {
    const json = planSchema.parse(JSON.parse(JSON.stringify(stackPlanJson(chain))));
    assert.deepEqual(json.layers[2], {
      name: "cli",
      action: "rebase",
      reasons: ["parent base"],
      seconds: null,
      bytes: null,
      needs: ["base"],
    });
    assert.deepEqual(json.criticalPath, { layers: ["base", "tooling"], seconds: 42.4 });
    assert.deepEqual([json.seconds, json.bytes, json.unknown], [42.4, 88_100_000, ["cli"]]);
    assert.deepEqual(json.levels, [["base"], ["tooling", "cli"]]);
    const nothing = stackPlanJson(plan(layer("a")));
    assert.deepEqual([nothing.seconds, nothing.bytes, nothing.criticalPath.layers], [0, 0, []]);
    const unknown = stackPlanJson(plan(layer("a", { action: "new", seconds: undefined, bytes: undefined })));
    assert.deepEqual([unknown.seconds, unknown.bytes], [null, null]);
  });

  it("has a JSON Schema that is the one it is checked with", () => {
    const file = join(__dirname, "../../../tools/plan/plan.schema.json");
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(z.toJSONSchema(planSchema))));
  });
});
