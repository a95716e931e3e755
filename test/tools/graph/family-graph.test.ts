import assert from "node:assert/strict";
import fc from "fast-check";
import { edgesOf, graphOfPlan, idOf, readPlan, summaryOf, upstreamsOf } from "../../../tools/graph/family-graph";
import { chain, family } from "./families";

describe("a family to be drawn", () => {
  it("reads what strata plan --json prints, and leaves what is not known", () => {
    const layers = [
      { name: "base", action: "build", reasons: ["M a"], seconds: null, bytes: 12, needs: [] },
      { name: "app", action: "rebase", reasons: ["parent base"], seconds: 1, bytes: null, needs: ["base"] },
    ];
    const graph = readPlan("plan.json", JSON.stringify({ version: 1, stack: "dev", layers, more: true }));
    assert.deepEqual(graph, { title: "Images of stack dev", layers });
    assert.equal(summaryOf(graph), "2 layers: 1 build, 1 rebase");
  });

  it("names the file and the key of what is no plan", () => {
    const refused = (text: string, why: RegExp) => assert.throws(() => readPlan("plan.json", text), why);
    refused(" \n", /^InputError: plan\.json: is empty; expected what strata plan --json prints/);
    refused("Previewing", /^InputError: plan\.json: is no JSON/);
    refused("{}", /plan\.json: is no plan of strata plan --json: version: expected 1/);
    refused('{"version":2,"layers":[]}', /version: expected 1/);
    refused('{"version":1,"layers":[{"name":"a","action":"fly","reasons":[]}]}', /layers\.0\.action: /);
    refused('{"version":1,"layers":[{"name":"a","action":"new","reasons":[],"seconds":-1}]}', /layers\.0\.seconds: /);
    const layer = { name: "a", action: "new", reasons: [] };
    refused(JSON.stringify({ version: 1, layers: [layer, layer] }), /plan\.json: has a layer twice/);
    refused(
      JSON.stringify({ version: 1, layers: [{ ...layer, needs: ["b"] }] }),
      /plan\.json: a needs b, which is no layer of the plan/,
    );
  });

  it("takes upstreams and descriptions of a stack's plan from its catalog", () => {
    const catalog = [{ name: "base", description: "Compilers", layers: [], upstreams: [{ name: "debian:13" }] }];
    const planned = {
      name: "base",
      action: "build",
      reasons: ["M a"],
      seconds: 3,
      bytes: undefined,
      needs: [],
    } as const;
    const gone = { name: "old", action: "removed", reasons: [], seconds: 0, bytes: 0, needs: [] } as const;
    const graph = graphOfPlan({ stack: "dev", layers: [planned, gone] }, catalog as never);
    assert.equal(graph.title, "Images of stack dev");
    assert.deepEqual(graph.layers, [{ ...planned, description: "Compilers", upstreams: ["debian:13"] }, gone]);
  });

  it("has an arrow for each need, and knows those that a change comes along", () => {
    const arrows = edgesOf(chain()).map(({ from, to, moves }) => `${from} ${moves ? "=>" : "->"} ${to}`);
    assert.deepEqual(arrows, [
      "upstream-debian:3a:trixie-slim -> layer-base",
      "layer-base -> layer-tooling",
      "layer-tooling => layer-app",
    ]);
    const moved = { name: "a", action: "rebase", reasons: ["upstream b:1 1…→2…"], upstreams: ["b:1", "b:10"] } as const;
    assert.deepEqual(
      edgesOf({ title: "", layers: [moved] }).map(({ moves }) => moves),
      [true, false],
    );
    assert.deepEqual(upstreamsOf(family(100)), ["debian:13", "alpine:3.22"]);
  });

  it("gives different names different ids, of letters that are safe everywhere", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        assert.equal(idOf("layer", one) === idOf("layer", other), one === other);
        assert.match(idOf("upstream", one), /^upstream-[A-Za-z0-9._:-]*$/);
      }),
    );
  });
});
