import assert from "node:assert/strict";
import { withRaisedRebuild } from "../../../tools/release/request";

describe("strata release --rebuild", () => {
  const cases: [what: string, before: string, after: string][] = [
    ["has none", "", "rebuild: 1\n"],
    ["has other keys", "sizeBudget: 550 MB", "sizeBudget: 550 MB\nrebuild: 1\n"],
    [
      "has one",
      "rebuild:  41 # the archive was broken\nsecrets: []\n",
      "rebuild:  42 # the archive was broken\nsecrets: []\n",
    ],
    [
      "is written in its author's way",
      `description:   ${"many words, ".repeat(12)}more\nrebuild: 1\nplatforms: [ linux/amd64 ]\n`,
      `description:   ${"many words, ".repeat(12)}more\nrebuild: 2\nplatforms: [ linux/amd64 ]\n`,
    ],
    ["is a flow map", "{ sizeBudget: 5 MB }\n", "{ sizeBudget: 5 MB, rebuild: 1 }\n"],
  ];
  for (const [what, before, after] of cases) {
    it(`raises rebuild, and nothing else, in an image.yaml that ${what}`, () => {
      assert.equal(withRaisedRebuild(before), after);
    });
  }
});
