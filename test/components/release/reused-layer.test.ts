import assert from "node:assert/strict";
import { buildId } from "../../../components/catalog/build-id";
import type { CatalogLayer } from "../../../components/catalog/catalog";
import { ingredientsOf, type LayerArgs } from "../../../components/layer";
import { ReusedLayer, reusable } from "../../../components/release/reused-layer";
import type { SourceLayer } from "../../../components/release/source";

const [one, two] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const entry = (more: Partial<CatalogLayer> = {}) => ({ layers: [], upstreams: [], ...more }) as unknown as CatalogLayer;
const args = (files = "a") =>
  ({
    ...{ files, dockerfile: "FROM scratch\n", platforms: ["linux/amd64"], rebuild: 0, compression: "zstd" },
    ...{ labels: {}, secrets: {}, arguments: {} },
  }) as unknown as LayerArgs;
const there = (digest: string, parents: Record<string, string> = {}, more: Partial<SourceLayer> = {}): SourceLayer => ({
  ...{ ref: `r.test/x@${digest}`, digest, buildId: buildId({ ...ingredientsOf(args()), parents }) },
  ...{ platforms: ["linux/amd64"], standIn: [], tests: 0, versions: {}, ...more },
});

describe("a layer of another stack", () => {
  it("is used where it is made of the very same, and so is what it stands on", () => {
    const base = reusable(entry(), args(), undefined, there(one), new Map());
    assert.ok(base instanceof ReusedLayer);
    const above = entry({ layers: ["base"] });
    const made = new Map([["base", base]]);
    assert.ok(reusable(above, args(), undefined, there(two, { base: one }), made));
    assert.equal(reusable(above, args(), undefined, there(two, { base: two }), made), undefined);
    assert.equal(reusable(above, args(), undefined, there(two, { base: one }), new Map([["base", {}]])), undefined);
    assert.equal(reusable(entry(), args("b"), undefined, there(one), new Map()), undefined);
    assert.equal(reusable(entry(), args(), undefined, undefined, new Map()), undefined);
  });

  it("is built here where it must pass other tests, and used where none are asked for", () => {
    assert.ok(reusable(entry(), args(), "t1", there(one, {}, { testsId: "t1" }), new Map()));
    assert.equal(reusable(entry(), args(), "t2", there(one, {}, { testsId: "t1" }), new Map()), undefined);
    assert.equal(reusable(entry(), args(), "t1", there(one), new Map()), undefined);
    assert.ok(reusable(entry(), args(), undefined, there(one, {}, { testsId: "t1" }), new Map()));
  });

  it("is built here where it has to keep a budget, and is not known to", () => {
    const limited = entry({ sizeBudget: "1 MB" });
    assert.ok(reusable(limited, args(), undefined, there(one, {}, { addedBytes: 1_000_000 }), new Map()));
    assert.equal(reusable(limited, args(), undefined, there(one, {}, { addedBytes: 1_000_001 }), new Map()), undefined);
    assert.equal(reusable(limited, args(), undefined, there(one), new Map()), undefined);
  });

  it("is built here where its times are to be constant, and are not known to be", () => {
    const constant = entry({ timestamps: "constant" });
    const newest = { path: "tool", time: "2020-01-01T00:00:00.000Z" };
    assert.ok(reusable(constant, args(), undefined, there(one, {}, { newest }), new Map()));
    assert.equal(reusable(constant, args(), undefined, there(one), new Map()), undefined);
    const late = { ...newest, time: "2026-01-01T00:00:00.000Z" };
    assert.equal(reusable(constant, args(), undefined, there(one, {}, { newest: late }), new Map()), undefined);
  });
});
