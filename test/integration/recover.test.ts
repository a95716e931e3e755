import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { root } from "../../tools/home";
import { isRunning } from "../../tools/services/daemon";
import { RecoveryRefused, recoverStack } from "../../tools/stack/recover";
import { Run } from "../faults/run";
import { Project } from "./project";

const slow = (text: string) => ({
  "images/base/Dockerfile": `FROM alpine:3.22\nRUN sleep 6 && echo ${text} > /base\n`,
});

const recover = ({ folder, env }: Project, yes = false) => recoverStack({ folder, stack: "local", env, yes });

/** Waits until the build of base has begun, which is when its creation is pending. @throws Error where the run ends before */
async function untilBuilding(project: Project, run: Run): Promise<void> {
  const state = "state/.pulumi/stacks/strata/local.json";
  while (!(existsSync(join(project.folder, state)) && project.read(state).includes('"pending_operations"'))) {
    if (!run.running) throw new Error((await run.ended()).output);
    await sleep(50);
  }
}

describe("a run that was killed", () => {
  let killed: Project;
  let other: Project;
  let run: Run;
  let neighbour: Run;
  before(async () => {
    [killed, other] = [await Project.make(slow("killed")), await Project.make(slow("other"))];
    run = Run.up(killed);
    neighbour = Run.up(other);
    await Promise.all([untilBuilding(killed, run), untilBuilding(other, neighbour)]);
  });
  after(async () => {
    await Promise.all([run?.ended(), neighbour?.ended()]);
    killed?.remove();
    other?.remove();
  });

  it("is not recovered while it is under way, nor is another started, and both say who is at work", async () => {
    await assert.rejects(recover(killed, true), (error: Error) => {
      assert.ok(error instanceof RecoveryRefused);
      assert.match(error.message, new RegExp(`process ${run.pid} of .* is at work on the stack local`));
      return true;
    });
    const second = await Run.up(killed).ended();
    assert.notEqual(second.exitCode, 0);
    assert.match(second.output, new RegExp(`currently locked by 1 lock.*\\(pid ${run.pid}\\)`, "s"));
    assert.ok(run.running);
  });

  it("leaves plugins, a lock and a pending build, which are taken away, and nothing of another run", async () => {
    const plugins = ["pulumi-resource-docker-build", "pulumi-language-nodejs"].map((name) => run.find(name));
    const others = ["pulumi-resource-docker-build", "pulumi-language-nodejs"].map((name) => neighbour.find(name));
    assert.ok([...plugins, ...others].every((pid) => pid !== undefined));
    process.kill(run.pid, "SIGKILL");
    while (run.running) await sleep(10);

    const { ended, left, locks, pending } = await recover(killed);
    assert.deepEqual(ended.map(({ pid }) => pid).sort(), [...plugins].sort());
    assert.deepEqual(left, []);
    assert.equal(locks[0]?.pid, run.pid);
    assert.deepEqual(pending, [{ operation: "creating", type: "docker-build:index:Image", name: "base" }]);
    for (const pid of plugins) assert.equal(isRunning(pid as number), false);
    for (const pid of others) assert.equal(isRunning(pid as number), true);
  });

  it("is recovered once: the second time there is nothing", async () => {
    assert.deepEqual(await recover(killed), {
      stack: "local",
      ended: [],
      left: [],
      locks: [],
      pending: [],
      removed: [],
    });
  });

  it("is followed by one that warns of nothing, and leaves nothing to do", async () => {
    const { output } = await killed.up();
    assert.doesNotMatch(output, /pending operation|interrupted/);
    assert.deepEqual(Object.keys((await killed.preview()).changes), ["same"]);
  });

  it("may have left its state half written, which is put back from the copy of before", async () => {
    const state = "state/.pulumi/stacks/strata/local.json";
    killed.write(state, killed.read(state).slice(0, 200));
    await assert.rejects(killed.preview(), /failed to load checkpoint|EOF|unexpected end/);
    assert.equal((await recover(killed)).restored, join(killed.folder, state));
    const { output } = await killed.up();
    assert.doesNotMatch(output, /pending operation|interrupted/);
    assert.deepEqual(Object.keys((await killed.preview()).changes), ["same"]);
  });

  it("may have left what is kept beside its state half written, which is taken away", async () => {
    const beside = "state/.pulumi/stacks/strata/local.json.attrs";
    assert.match(killed.read(beside), /content_type/);
    killed.write(beside, "");
    await assert.rejects(killed.preview(), /failed to load checkpoint: EOF/);
    assert.deepEqual((await recover(killed)).removed, [join(killed.folder, beside)]);
    assert.deepEqual(Object.keys((await killed.preview()).changes), ["same"]);
  });

  it("did not disturb the other", async () => {
    const { exitCode, output } = await neighbour.ended();
    assert.equal(exitCode, 0, output);
  });
});

describe("the lock of another machine", () => {
  let project: Project;
  let file: string;
  before(async () => {
    project = await Project.make({ "images/data/Dockerfile": "FROM scratch\nCOPY Dockerfile /\n" }, { stack: "dev" });
    file = join(project.folder, "state/.pulumi/locks/organization/strata/dev/lock.json");
    mkdirSync(dirname(file), { recursive: true });
  });
  after(() => project?.remove());

  const strata = (...args: string[]) =>
    execa(join(root, "bin/strata"), ["recover", "--stack", "dev", ...args], {
      cwd: "/",
      env: { ...project.env, NO_COLOR: "1" },
      reject: false,
      timeout: 60_000,
    });

  it("is taken away with --yes alone, and no second time", async () => {
    const holder = { pid: 1, username: "me", hostname: "elsewhere", timestamp: "2026-11-21T13:38:06.000Z" };
    writeFileSync(file, JSON.stringify(holder));
    const refused = await strata();
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /locked by pulumi \(process 1 of me on elsewhere.*strata recover --stack dev --yes/);
    assert.ok(existsSync(file));

    const done = await strata("--yes", "--json");
    assert.equal(done.exitCode, 0, done.stderr);
    const nothing = { version: 1, stack: "dev", ended: [], left: [], pending: [], removed: [] };
    assert.deepEqual(JSON.parse(done.stdout), { ...nothing, locks: [holder] });
    assert.ok(!existsSync(file));

    const again = await strata();
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal(again.stdout, "Nothing to recover");
  });

  it("is not looked for on a stack that there is not", async () => {
    const { exitCode, stderr } = await strata("--stack", "nobodys");
    assert.equal(exitCode, 1);
    assert.match(stderr, /strata: no stack named 'nobodys' found/);
  });
});
