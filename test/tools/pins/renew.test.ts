import assert from "node:assert/strict";
import type { LocksSource } from "../../../tools/pins/pins";
import { withPresentPackages } from "../../../tools/pins/renew";

const dropped = "E: Version '0.9-1' for 'tree' was not found";

describe("an update that may write locks anew", () => {
  /** Fails always. @returns how often it ran, what was told, and what came of it */
  async function failing(message: string, source: () => LocksSource) {
    let runs = 0;
    const told: string[] = [];
    const update = () => Promise.reject(new Error(message, { cause: ++runs }));
    const error = await withPresentPackages(update, source, (text) => told.push(text)).catch((error: Error) => error);
    return { runs, told, error };
  }

  it("does nothing about what has another cause", async () => {
    const { runs, told, error } = await failing("the registry is full", () => assert.fail("no lock is looked at"));
    assert.deepEqual(
      { runs, told, message: (error as Error).message },
      { runs: 1, told: [], message: "the registry is full" },
    );
  });

  it("fails as it did where there is no lock to write", async () => {
    const { runs, error } = await failing(dropped, () => ({
      catalog: [],
      builder: "none",
      env: {},
      built: async () => new Map(),
      report: () => {},
    }));
    assert.deepEqual({ runs, message: (error as Error).message }, { runs: 1, message: dropped });
  });
});
