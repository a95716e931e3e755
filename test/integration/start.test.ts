import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { readStandIns } from "../../components/catalog/upstreams";
import { buildkitAddress } from "../../tools/services/buildkit";
import { assertEnded, slowStep, stepRuns, told } from "./interrupting";
import { home, Project, testServices } from "./project";
import { strataIn } from "./strata-copy";

describe("npm start", function () {
  this.timeout(5 * 60_000);
  let project: Project;
  before(async () => {
    await testServices();
    // A builder of the user's own: with it no services are started, and no stand-in is used that the Dockerfile does not name.
    const standIn = readStandIns(home.standInsFile)["alpine:3.22"];
    const alpine = standIn ? `${standIn.ref}@${standIn.digest}` : "alpine:3.22";
    const family = {
      "images/base/Dockerfile": `FROM ${alpine}\nRUN : ${randomUUID()}\n`,
      "images/app/Dockerfile": `FROM base\n${slowStep}\n`,
    };
    project = await Project.make(family, { config: { builder: "strata-own" } });
    await project.run("buildx", "create", "--name", "strata-own", "--driver", "remote", buildkitAddress(home));
    strataIn(project);
  });
  after(async () => {
    await project?.run("buildx", "rm", "--keep-daemon", "strata-own");
    project?.remove();
  });

  const start = () =>
    execa(process.execPath, ["-r", "./components/typescript.cjs", "tools/start.ts"], {
      cwd: project.folder,
      env: project.env,
      reject: false,
      all: true,
      stdin: "ignore",
      timeout: 120_000,
    });

  it("ends in order when it is told to: the step with it, no lock stays, and it says what is kept", async () => {
    const run = start();
    await told(run.all, /base +pushed after/);
    await stepRuns(true);
    run.kill("SIGTERM");
    const { exitCode, all } = await run;
    assert.equal(exitCode, 130, all);
    assert.match(all, /Stopping\. What is done is kept; run npm start again to go on\./);
    assert.match(all, /Pushed, and kept: base\. Still to be built: app;/);
    await assertEnded(project);
  });

  it("goes on where a run was killed while its state was written, and says what it mended", async () => {
    const beside = "state/.pulumi/stacks/strata/local.json.attrs";
    assert.notEqual(project.read(beside), "");
    project.write(beside, "");
    const run = start();
    await told(run.all, /Took away \S+local\.json\.attrs, which was half written/);
    await stepRuns(true);
    run.kill("SIGTERM");
    assert.equal((await run).exitCode, 130);
    await assertEnded(project);
  });
});
