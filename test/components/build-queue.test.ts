import assert from "node:assert/strict";
import { setImmediate as soon } from "node:timers/promises";
import { BuildQueue } from "../../components/build-queue";

function build() {
  let end!: () => void;
  let fail!: (error: Error) => void;
  const done = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { done, end, fail };
}

describe("the queue of builds", () => {
  it("lets so many begin at once, and the next when one ends, well or not", async () => {
    const queue = new BuildQueue(2);
    const begun: string[] = [];
    const builds = ["a", "b", "c", "d"].map((name) => {
      const one = build();
      void queue.turn(one.done).then(() => begun.push(name));
      return one;
    });
    await soon();
    assert.deepEqual(begun, ["a", "b"]);
    builds[1]?.fail(new Error("no"));
    await soon();
    assert.deepEqual(begun, ["a", "b", "c"]);
    builds[0]?.end();
    await soon();
    assert.deepEqual(begun, ["a", "b", "c", "d"]);
  });

  it("runs what is only spare where a turn is free, and else not", async () => {
    const queue = new BuildQueue(2);
    const first = build();
    await queue.turn(first.done);
    const spare = build();
    const ran = queue.spare(() => spare.done);
    assert.equal(await queue.spare(async () => assert.fail("no turn is free")), false);
    spare.end();
    assert.equal(await ran, true);
  });
});
