import assert from "node:assert/strict";
import fc from "fast-check";
import type { Action } from "../../../components/catalog/diff";
import { expectedOf, scheduleOf } from "../../../components/catalog/plan";

interface Job {
  readonly name: string;
  readonly action: Action;
  readonly seconds: number | undefined;
  readonly needs: readonly string[];
}

const job = (
  name: string,
  seconds: number | undefined,
  needs: readonly string[] = [],
  action: Action = "build",
): Job => {
  return { name, seconds, needs, action };
};

/** Families of any shape: each layer needs some of those before it. */
const families: fc.Arbitrary<Job[]> = fc
  .array(
    fc.record({
      seconds: fc.option(fc.nat({ max: 50 }), { nil: undefined }),
      needs: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
      action: fc.constantFrom<Action>("new", "build", "rebase", "unchanged"),
    }),
    { maxLength: 25 },
  )
  .map((layers) =>
    layers.map(({ seconds, needs, action }, index) => {
      const names = index === 0 ? [] : [...new Set(needs.map((need) => `l${need % index}`))];
      return { name: `l${index}`, seconds: action === "unchanged" ? 0 : seconds, needs: names, action };
    }),
  );

/** By trying every chain, which shares nothing with what is tested. */
function longestChain(layers: readonly Job[]): number {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const from = (layer: Job): number =>
    (layer.seconds ?? 0) + Math.max(0, ...layer.needs.map((need) => from(byName.get(need) as Job)));
  return Math.max(0, ...layers.map(from));
}

const sumOf = (layers: readonly Job[]) => layers.reduce((sum, { seconds = 0 }) => sum + seconds, 0);

describe("the schedule of a plan", () => {
  it("takes never less than the longest chain, and never more than all one after the other", () => {
    fc.assert(
      fc.property(families, fc.integer({ min: 1, max: 8 }), (layers, parallel) => {
        const { seconds, criticalPath } = scheduleOf(layers, parallel);
        assert.equal(criticalPath.seconds, longestChain(layers));
        assert.ok(seconds >= criticalPath.seconds && seconds <= sumOf(layers), `${seconds}`);
        // Graham's bound for what never idles while something is ready.
        assert.ok(seconds <= criticalPath.seconds + (sumOf(layers) - criticalPath.seconds) / parallel + 1e-9);
        assert.ok(seconds >= sumOf(layers) / parallel - 1e-9);
        assert.equal(scheduleOf(layers, 1).seconds, sumOf(layers));
        assert.equal(scheduleOf(layers, layers.length + 1).seconds, criticalPath.seconds);
      }),
    );
  });

  it("has all that is built in levels, each above what it needs, and a critical path that is a chain", () => {
    fc.assert(
      fc.property(families, (layers) => {
        const { levels, criticalPath, unknown } = scheduleOf(layers, 3);
        const built = layers.filter(({ action }) => action !== "unchanged");
        assert.deepEqual(levels.flat().sort(), built.map(({ name }) => name).sort());
        const level = new Map(levels.flatMap((names, index) => names.map((name) => [name, index] as const)));
        for (const { name, needs } of built) {
          for (const need of needs) assert.ok((level.get(need) ?? -1) < (level.get(name) as number));
        }
        const onPath = layers.filter(({ name }) => criticalPath.layers.includes(name));
        assert.deepEqual(
          onPath.map(({ name }) => name),
          criticalPath.layers,
        );
        assert.equal(sumOf(onPath), criticalPath.seconds);
        assert.deepEqual(
          unknown,
          built.filter(({ seconds }) => seconds === undefined).map(({ name }) => name),
        );
      }),
    );
  });

  it("lets builds begin in the order in which they become ready, so many at once", () => {
    const layers = [job("a", 4), job("b", 2), job("c", 3), job("d", 2, ["b"])];
    // a 0–4, b 0–2; then c before d, which became ready later: c 2–5, d 4–6.
    assert.equal(scheduleOf(layers, 2).seconds, 6);
    assert.deepEqual(scheduleOf(layers, 2).criticalPath, { layers: ["b", "d"], seconds: 4 });
  });

  it("goes through layers that stay as they are, and counts nothing for them", () => {
    const layers = [
      job("base", 5),
      job("middle", 0, ["base"], "unchanged"),
      job("app", 1, ["middle"]),
      job("gone", 0, [], "removed"),
    ];
    assert.deepEqual(scheduleOf(layers, 4), {
      seconds: 6,
      criticalPath: { layers: ["base", "app"], seconds: 6 },
      levels: [["base"], ["app"]],
      unknown: [],
    });
    const none = { seconds: 0, criticalPath: { layers: [], seconds: 0 }, levels: [], unknown: [] };
    assert.deepEqual(scheduleOf([], 4), none);
    assert.deepEqual(
      scheduleOf(
        layers.filter(({ name }) => name === "gone"),
        4,
      ),
      none,
    );
  });
});

describe("what is expected of a layer", () => {
  const recorded = { build: { seconds: 40, bytes: 9 }, rebase: { seconds: 0.4, bytes: 1 } };

  it("is what its last build or rebase took, whichever it is", () => {
    assert.deepEqual(expectedOf("build", recorded), { seconds: 40, bytes: 9 });
    assert.deepEqual(expectedOf("rebase", recorded), { seconds: 0.4, bytes: 1 });
    for (const action of ["unchanged", "removed"] as const) {
      assert.deepEqual(expectedOf(action, recorded), { seconds: 0, bytes: 0 });
    }
  });

  it("is not known of what was never done, but for a rebase, which takes what others' took", () => {
    const others = [{ rebase: { seconds: 3 } }, {}, { rebase: { seconds: 1 } }, { rebase: { seconds: 2 } }];
    assert.deepEqual(expectedOf("new", recorded, others), {});
    assert.deepEqual(expectedOf("build", { rebase: { seconds: 1 } }, [recorded]), {});
    assert.deepEqual(expectedOf("rebase", { build: { seconds: 40 } }, others), { seconds: 2 });
    assert.deepEqual(expectedOf("rebase", {}, [{}]), {});
  });
});
