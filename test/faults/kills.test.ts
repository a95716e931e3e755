import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, runningPid } from "../../tools/services/daemon";
import { startServices } from "../../tools/services/services";
import { recoverStack } from "../../tools/stack/recover";
import { home, Project, testServices } from "../integration/project";
import { assertRight, builtTags, emptyCache, Run, randomFrom } from "./run";

/** `npm run test:faults` takes more. */
const moments = Number(process.env.STRATA_FAULT_MOMENTS ?? 6);
const seed = Number(process.env.STRATA_FAULT_SEED ?? randomInt(2 ** 31));

/** Two chains side by side, with steps that run and layers that only copy. */
const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nRUN sleep 1 && echo base > /base\n",
  "images/tooling/Dockerfile": "FROM base\nCOPY --link data /data\nRUN sleep 1 && cat /base /data > /tooling\n",
  "images/tooling/data": "tooling\n".repeat(100_000),
  "images/app/Dockerfile": "FROM tooling\nCOPY --link data /app\n",
  "images/app/data": "app\n",
  "images/files/Dockerfile": "FROM scratch\nCOPY data /data\n",
  "images/files/data": "files\n".repeat(100_000),
  "images/more/Dockerfile": "FROM files\nCOPY data /more\n",
  "images/more/data": "more\n",
};
const names = ["base", "tooling", "app", "files", "more"];

/** What is killed, and how its process is found; undefined where it is not there. */
const parts: readonly (readonly [name: string, find: (run: Run) => number | undefined])[] = [
  ["pulumi", (run) => run.pid],
  ["the provider", (run) => run.find("pulumi-resource-docker-build")],
  ["BuildKit", () => runningPid("buildkitd", home)],
  ["the registry", () => runningPid("registry", home)],
];

describe(`an up of which a part is killed (STRATA_FAULT_SEED=${seed})`, function () {
  this.timeout(5 * 60_000);
  let undisturbed: Record<string, string>;
  let takes: number;

  before(async () => {
    await testServices();
    await emptyCache();
    const project = await Project.make(family);
    try {
      const { exitCode, output, seconds } = await Run.up(project).ended();
      assert.equal(exitCode, 0, output);
      undisturbed = await project.digests();
      takes = seconds * 1000;
    } finally {
      project.remove();
    }
  });
  after(() => startServices(home));

  const random = randomFrom(seed);
  for (let number = 0; number < moments; number++) {
    const [name, find] = parts[number % parts.length] as (typeof parts)[number];
    const share = random();

    it(`${name}, at ${Math.round(share * 100)} % of its time: goes on to the same images`, async () => {
      // A run that ended first was not disturbed: another is, at an earlier moment.
      for (let moment = share * takes; !(await goesOn(find, moment)); moment *= 0.75);
    });
  }

  /** @returns whether the part was killed while the run lived */
  async function goesOn(find: (run: Run) => number | undefined, moment: number): Promise<boolean> {
    await emptyCache();
    const project = await Project.make(family);
    try {
      const run = Run.up(project);
      await sleep(moment);
      const hit = await kill(run, find);
      await run.ended();
      await startServices(home);
      if (!hit) return false;
      assertRight(await builtTags(project, names), undisturbed);

      await recoverStack({ folder: project.folder, stack: "local", env: project.env, yes: false });
      const { output } = await project.up();
      assert.doesNotMatch(output, /pending operation/);
      assert.deepEqual(await project.digests(), undisturbed);
      const tags = await builtTags(project, names);
      assertRight(tags, undisturbed);
      for (const layer of names) assert.equal(tags[layer]?.length, 1, layer);
      assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
      return true;
    } finally {
      await startServices(home);
      project.remove();
    }
  }
});

/**
 * A part that is not there yet is waited for, as long as the run lives.
 *
 * @returns whether it was killed while the run lived
 */
async function kill(run: Run, find: (run: Run) => number | undefined): Promise<boolean> {
  let pid = find(run);
  while (pid === undefined && run.running) {
    await sleep(10);
    pid = find(run);
  }
  if (pid === undefined || !isRunning(pid) || !run.running) return false;
  process.kill(pid, "SIGKILL");
  while (isRunning(pid)) await sleep(10);
  return true;
}
