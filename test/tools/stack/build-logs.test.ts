import assert from "node:assert/strict";
import { adviceOnUpdate, buildLog, failedStep, withOwnLines } from "../../../tools/stack/build-logs";
import { withFolder } from "../../components/catalog/folder";
import { withTools } from "../../components/fake-tool";

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
  it("is that of a context which this project has staged, whatever else a shared builder has of that name", async () => {
    const records = [
      ["other", ".strata/contexts/app/2222/2222", "Error", "05"],
      ["stage", "sub/.strata/contexts/app/1111/1111 (fetch)", "Error", "04"],
      ["passed", ".strata/contexts/.tests/app/3333/3333", "Completed", "03"],
      ["own", ".strata/contexts/app/1111/1111", "Error", "02"],
      ["before", ".strata/contexts/app/1111/1111", "Completed", "01"],
      ["tests", ".strata/contexts/.tests/base/3333/3333", "Error", "01"],
    ].map(([ref, name, status, created_at]) => JSON.stringify({ ref: `b/b0/${ref}`, name, status, created_at }));
    const buildx = `case "$2" in ls) echo '${records.join("\n")}' ;; logs) echo "log of $5" ;; esac`;
    const staged = {
      "contexts/app/1111/Dockerfile": "",
      "contexts/.tests/app/3333/x": "",
      "contexts/.tests/base/3333/x": "",
    };
    const files = Object.entries(staged).map(([path, text]) => [`.strata/${path}`, text]);
    await withFolder(Object.fromEntries(files), (folder) =>
      withTools({ buildx }, async (env) => {
        assert.equal(await buildLog("app", "b", env, folder), "log of own");
        assert.equal(await buildLog("base", "b", env, folder), "log of tests");
        assert.equal(await buildLog("tooling", "b", env, folder), undefined);
      }),
    );
  });

  it("tells of a failed step in the lines of the user's own Dockerfile", () => {
    const missing = "------\n > importing cache manifest from localhost:5443/app:cache:\n";
    assert.equal(failedStep(log.replace("------\n", `${missing}------\n`)), failedStep(log));
    const told = withOwnLines(failedStep(log), "images/app/Dockerfile", [2, 9, 104]);
    assert.match(told, /^images\/app\/Dockerfile:9$/m);
    assert.match(told, /^ {3}2 \| {5}FROM alpine:3\.22\n {3}9 \| >>> RUN false\n 104 \| {5}RUN true$/m);
  });
});

describe("advice on an update that failed", () => {
  /** As Pulumi prints it, with the builder's log where the docker-build provider passes that on. */
  const diagnostics = (step: string, error: string) =>
    `Diagnostics:
  docker-build:index:Image (app):
    #5 [2/2] RUN ${step}
    #5 0.107 ${step}
    #5 ERROR: ${error}

    ------
     > [2/2] RUN ${step}:
    0.107 ${step}
    ------
    Dockerfile:2
    --------------------
       2 | >>> RUN ${step}
    --------------------
    error: failed to solve: ${error}`.replace("\n\n", "\n    \n");
  const command = (step: string) =>
    `process "/bin/sh -c ${step.replaceAll('"', '\\"')}" did not complete successfully: exit code: 1`;

  it("is about what builder and registry say, not about what a step prints or is", () => {
    for (const step of [
      'curl: "error: 401"',
      "error: 401",
      "#6 ERROR: 429 Too Many Requests",
      "dial: connect: connection refused",
    ])
      assert.deepEqual(adviceOnUpdate(diagnostics(step, command(step))), [], step);
    const refused =
      "failed to push r.io/app:b-1: unexpected status from POST request to https://r.io/v2/: 401 Unauthorized";
    const [advice, ...more] = adviceOnUpdate(diagnostics("connect: connection refused", refused));
    assert.match(advice ?? "", /docker login/);
    assert.deepEqual(more, []);
  });

  it("is not about a cache that is not there yet, and is about all that is said of what is no image", () => {
    const cache =
      "failed to configure registry cache importer: r.io/app:cache: 401 Unauthorized: importing cache manifest from r.io/app:cache";
    assert.deepEqual(adviceOnUpdate(diagnostics("true", cache).replace(/\n.*error: .*$/, "")), []);
    const copy =
      "Diagnostics:\n  strata:release:Copy (app):\n    error: 1 error occurred:\n      * r.io: 401 Unauthorized";
    assert.match(adviceOnUpdate(copy)[0] ?? "", /docker login/);
  });
});
