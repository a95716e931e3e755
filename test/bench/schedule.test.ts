import assert from "node:assert/strict";
import { type Choice, estimate, fullChanges, mixOf, type Run, runId, schedule } from "../../bench/schedule";

const everything: Choice = {
  cases: ["cold", "mix", "noop", "cutoff", "fleet", "big", "memory", "profile", "catalog"],
  contenders: ["a1", "a2", "b", "c", "cz", "d", "e"],
  runs: 3,
  family: "sindri",
  sizes: [3, 14, 100, 500],
  full: false,
};

describe("the benchmark's schedule", () => {
  const runs = schedule(everything);
  const at = (id: string) => {
    const index = runs.findIndex((run) => runId(run) === id);
    assert.notEqual(index, -1, `there is no run ${id}`);
    return index;
  };

  it("has each run once", () => {
    assert.equal(new Set(runs.map(runId)).size, runs.length);
  });

  it("has three rounds of the mix for each contender and each change", () => {
    const mix = runs.filter((run) => run.case === "mix");
    assert.equal(mix.length, 7 * 4 * 3);
    assert.ok(mix.every(({ family }) => family === "sindri"));
  });

  it("lets all contenders have a round before one has the next", () => {
    const rounds = runs.filter((run) => run.case === "mix").map(({ round }) => round);
    assert.deepEqual(rounds, [...rounds].sort());
  });

  it("lets contenders take turns within a change", () => {
    const first = runs.filter((run) => run.case === "mix").slice(0, 7);
    assert.deepEqual(first.map(({ contender }) => contender).sort(), [...everything.contenders].sort());
    assert.equal(new Set(first.map(({ what }) => what)).size, 1);
  });

  it("has the most valuable first: the chain's first round, then what never changes, then more rounds, the large last", () => {
    assert.ok(at("cold/sindri/e/first/1") < at("mix/sindri/e/app/1"));
    assert.ok(at("mix/sindri/d/package/1") < at("noop/layers3/e/plan/1"));
    assert.ok(at("noop/layers100/c/push/1") < at("mix/sindri/e/app/2"));
    assert.ok(at("mix/sindri/d/package/3") < at("noop/layers500/e/plan/1"));
    assert.ok(at("noop/layers500/e/plan/1") < at("cold/sindri/e/first/2"));
  });

  it("takes what is asked for", () => {
    const some = schedule({ ...everything, cases: ["mix"], contenders: ["a1", "e"], runs: 1 });
    assert.deepEqual(some.map(runId), [
      ...["app", "configuration", "tool", "package"].flatMap((change) =>
        ["e", "a1"].map((contender) => `mix/sindri/${contender}/${change}/1`),
      ),
    ]);
  });

  it("plays 30 changes where that is asked for, each contender the same", () => {
    const full = schedule({ ...everything, cases: ["mix"], full: true }).filter((run) => run.case === "full");
    assert.equal(full.length, 7 * fullChanges);
    const of = (id: string) => full.filter(({ contender }) => contender === id).map(({ what }) => what);
    assert.deepEqual(of("a1"), of("e"));
    assert.deepEqual(of("e"), mixOf(fullChanges, 1));
  });
});

describe("the changes of the mix", () => {
  it("are the same for the same seed, and others for another one", () => {
    assert.deepEqual(mixOf(30, 1), mixOf(30, 1));
    assert.notDeepEqual(mixOf(30, 1), mixOf(30, 2));
  });

  it("come as often as they are weighed", () => {
    const changes = mixOf(10_000, 7);
    const share = (change: string) => changes.filter((one) => one === change).length / changes.length;
    assert.ok(Math.abs(share("app") - 0.7) < 0.02, `app ${share("app")}`);
    assert.ok(Math.abs(share("tool") - 0.1) < 0.02, `tool ${share("tool")}`);
    assert.ok(Math.abs(share("configuration") - 0.1) < 0.02, `configuration ${share("configuration")}`);
    assert.ok(Math.abs(share("package") - 0.1) < 0.02, `package ${share("package")}`);
  });
});

describe("the estimate of what is left", () => {
  const run: Run = { case: "mix", family: "sindri", contender: "e", what: "app", round: 2 };

  it("takes what the same thing took last", () => {
    const measured = [
      { ...run, round: 1, tookSeconds: 11 },
      { ...run, round: 1, what: "tool", tookSeconds: 500 },
    ];
    assert.equal(estimate([run, { ...run, round: 3 }], measured), 22);
  });

  it("guesses what was never measured", () => {
    assert.ok(estimate([run], []) > 0);
  });
});
