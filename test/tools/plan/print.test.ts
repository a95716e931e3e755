import assert from "node:assert/strict";
import { planText } from "../../../tools/plan/print";

describe("a plan in print", () => {
  it("is one line where nothing changes", () => {
    assert.equal(planText([{ name: "a", action: "unchanged", reasons: [] }]), "0 of 1 layers: nothing to build");
  });

  it("is a table of what changes, and a summary", () => {
    const text = planText([
      { name: "base", action: "build", reasons: ["M a", "M b", "M c", "M d", "M e"] },
      { name: "app", action: "rebase", reasons: ["parent base"] },
      { name: "site", action: "unchanged", reasons: [] },
      { name: "old", action: "removed", reasons: [] },
    ]);
    assert.deepEqual(text.split("\n"), [
      "layer  action   why",
      "─────  ───────  ──────────────────────────────",
      "base   build    M a, M b, M c, M d, and 1 more",
      "app    rebase   parent base",
      "old    removed  –",
      "",
      "3 of 4 layers: 1 build, 1 rebase, 1 removed",
    ]);
  });
});
