import assert from "node:assert/strict";
import { buildsAtOnce } from "../../components/builds-at-once";

describe("builds at once", () => {
  it("are as many as is said, whatever the machine has", () => {
    assert.deepEqual([buildsAtOnce(1, 4), buildsAtOnce(30, 4)], [1, 30]);
  });

  it("are else as many as the machine has processors, from 2 to 8", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 8, 64].map((processors) => buildsAtOnce(0, processors)),
      [2, 2, 3, 4, 8, 8],
    );
  });
});
