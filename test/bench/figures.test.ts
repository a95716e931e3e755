import assert from "node:assert/strict";
import { cost, median, savings, summarize } from "../../bench/figures";
import { measured } from "./measured";

describe("the benchmark's figures", () => {
  it("has the median of odd and of even numbers, and none of nothing", () => {
    assert.equal(median([3, 1, 100]), 3);
    assert.equal(median([4, 1, 2, 100]), 3);
    assert.equal(median([]), undefined);
  });

  it("leaves failed runs out of medians, and tells them", () => {
    const runs = [
      measured({ seconds: 10, pushedBytes: 5 }),
      measured({ seconds: 20, pushedBytes: 7, round: 2 }),
      measured({ round: 3, failed: "broken" }),
    ];
    assert.deepEqual(summarize(runs), { runs: 2, failures: ["broken"], seconds: 15, pushedBytes: 6 });
  });

  const baseline = { app: 100, tool: 100, configuration: 100, package: 200 };

  it("has the published figures for what was published", () => {
    const published = savings({ app: 5, tool: 50, configuration: 50, package: 200 }, baseline);
    assert.equal(published.app, 0.95);
    assert.equal(published.tooling, 0.5);
    assert.equal(published.system, 0);
    assert.equal(published.weighted?.toFixed(3), "0.765");
  });

  it("weighs tooling's two changes alike", () => {
    assert.equal(savings({ tool: 20, configuration: 60 }, baseline).tooling?.toFixed(2), "0.60");
  });

  it("has minutes of the time itself", () => {
    // 0.7 × 100 + 0.1 × 100 + 0.1 × 100 + 0.1 × 200
    assert.equal(cost(baseline)?.toFixed(6), "110.000000");
    const { minutes } = savings({ app: 0, tool: 0, configuration: 0, package: 110 }, baseline);
    assert.equal(minutes?.toFixed(6), "0.900000");
  });

  it("may be less than nothing", () => {
    assert.equal(savings({ app: 150 }, baseline).app, -0.5);
  });

  it("leaves out what was not measured", () => {
    assert.deepEqual(savings({ app: 1 }, baseline), { app: 0.99 });
    assert.deepEqual(savings({ app: 1 }, {}), {});
  });
});
