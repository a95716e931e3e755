import assert from "node:assert/strict";
import { adviceOn } from "../../tools/stack/advice";

describe("advice on a failed update", () => {
  const push = "error: failed to solve: failed to push localhost:5443/strata/base:b-1: ";
  const cases: [string, RegExp][] = [
    [
      "failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
      /^The builder ended/,
    ],
    [`${push}unknown: invalid content range`, /disk.* is likely full/],
    [`${push}unexpected status from POST request to https://localhost:5443/v2/: 401 Unauthorized`, /docker login/],
    [`${push}unexpected status from POST request: 429 Too Many Requests: made by the test`, /strata:parallel/],
    ["dial tcp 127.0.0.1:5443: connect: connection refused", /start the registry or the builder/],
    ["waiting for connection: context deadline exceeded", /did not answer in time/],
  ];
  for (const [said, advice] of cases) {
    it(`on "${said.slice(-60)}" says what is behind it`, () => {
      const [first, ...more] = adviceOn(said);
      assert.match(first ?? "", advice);
      assert.deepEqual(more, []);
    });
  }

  it("is silent where a step failed, which says itself why", () => {
    assert.deepEqual(adviceOn('process "/bin/sh -c make" did not complete successfully: exit code: 2'), []);
  });
});
