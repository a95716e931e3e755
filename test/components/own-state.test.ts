import assert from "node:assert/strict";
import { inTime } from "../../components/own-state";

describe("a state that is read through the engine", () => {
  it("is waited for no longer than its time", async () => {
    assert.equal(await inTime(Promise.resolve(1), 10), 1);
    await assert.rejects(inTime(new Promise(() => {}), 10), /did not give the stack's state within 0\.01 s/);
  });
});
