import assert from "node:assert/strict";
import type { LastUpdate } from "../../../components/update";
import { updateLines } from "../../../tools/plan/update-text";

const told: LastUpdate = {
  version: 1,
  predicted: { built: ["base"], rebased: ["tooling", "app"], seconds: 12.2, bytes: 5, unknown: [] },
  actual: { built: ["base"], rebased: [], cutOff: ["tooling", "app"], seconds: 11.8, bytes: 88_000 },
  savedSeconds: 40,
};

describe("what an update did beside what was expected", () => {
  it("is a line each", () => {
    assert.deepEqual(updateLines(told), [
      "Expected: 1 built, 2 rebased, about 12 s",
      "Done: 1 built, 2 cut off, 12 s, 88 kB pushed; a build of everything takes 40 s more",
    ]);
  });

  it("says of what nothing was known, and nothing of what was not saved", () => {
    const { predicted, actual } = told;
    const some = updateLines({ ...told, predicted: { ...predicted, unknown: ["app"] }, savedSeconds: 0 });
    assert.equal(some[0], "Expected: 1 built, 2 rebased, about 12 s and 1 of unknown length");
    assert.match(some[1], /pushed$/);
    const first = { ...predicted, rebased: [], seconds: 0, unknown: ["base"] };
    const [expected, done] = updateLines({ ...told, predicted: first, actual: { ...actual, cutOff: [] } });
    assert.equal(expected, "Expected: 1 built, how long was not known");
    assert.match(done, /^Done: 1 built, 12 s, 88 kB pushed;/);
  });
});
