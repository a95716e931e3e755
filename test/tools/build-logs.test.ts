import assert from "node:assert/strict";
import { failedStep, withOwnLines } from "../../tools/stack/build-logs";

/** As BuildKit 0.31 prints it. */
const log = `#5 [2/2] RUN false
#5 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
------
 > [2/2] RUN false:
------
Dockerfile:2
--------------------
   1 |     FROM alpine:3.22
   2 | >>> RUN false
   3 |     RUN true
--------------------
ERROR: failed to build
`;

describe("the log of a build", () => {
  it("tells of a failed step in the lines of the user's own Dockerfile", () => {
    const missing = "------\n > importing cache manifest from localhost:5443/app:cache:\n";
    assert.equal(failedStep(log.replace("------\n", `${missing}------\n`)), failedStep(log));
    const told = withOwnLines(failedStep(log), "images/app/Dockerfile", [2, 9, 104]);
    assert.match(told, /^images\/app\/Dockerfile:9$/m);
    assert.match(told, /^ {3}2 \| {5}FROM alpine:3\.22\n {3}9 \| >>> RUN false\n 104 \| {5}RUN true$/m);
  });
});
