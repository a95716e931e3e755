import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { runningPid } from "../../tools/services/daemon";
import { mountsBeneath } from "../../tools/services/mounts";
import { startServices, stopServices } from "../../tools/services/services";
import { recoverStack } from "../../tools/stack/recover";
import { home, Project, testServices } from "../integration/project";
import { builtTags, Run } from "./run";

describe("a builder that vanishes in the middle of a build", () => {
  let project: Project;
  before(async () => {
    await testServices();
    project = await Project.make({
      "images/base/Dockerfile": "FROM alpine:3.22\nRUN echo base > /base\n",
      "images/slow/Dockerfile": "FROM base\nRUN sleep 5 && cat /base > /slow\n",
      "images/last/Dockerfile": "FROM slow\nCOPY --link file /last\n",
      "images/last/file": "last\n",
    });
  });
  after(async () => {
    await startServices(home);
    project?.remove();
  });

  it("is named in the error, and what was built is kept", async () => {
    const run = Run.up(project);
    while ((await builtTags(project, ["base"])).base?.length === 0) await sleep(100);
    await sleep(1500);
    process.kill(runningPid("buildkitd", home) as number, "SIGKILL");
    const { exitCode, output } = await run.ended();
    assert.notEqual(exitCode, 0);
    assert.match(output, /docker-build:index:Image \(slow\):\s+error: /);
    assert.match(output, /buildkitd\.sock|connection (refused|reset)|error reading from server|EOF/, output);
    assert.equal((await builtTags(project, ["base", "slow"])).slow?.length, 0);
  });

  it("is no obstacle when it is back: the build goes on where it was", async () => {
    await startServices(home);
    const { locks } = await recoverStack({ folder: project.folder, stack: "local", env: project.env, yes: false });
    assert.deepEqual(locks, [], "a run that failed ends in order");
    const { layers } = await project.up();
    assert.equal(layers.base?.action, "unchanged");
    assert.equal(layers.base?.seconds, undefined);
    assert.deepEqual(Object.keys(await project.layers()).sort(), ["base", "last", "slow"]);
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
  });

  it("leaves nothing mounted when the services stop, so that they can be reset", async () => {
    assert.notDeepEqual(mountsBeneath(home.buildkit), [], "the step that was killed has left its file system");
    await stopServices(home);
    assert.deepEqual(mountsBeneath(home.buildkit), []);
  });
});
