import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { recoverStack } from "../../tools/stack/recover";
import { home } from "../integration/project";
import { ReleaseProject, type Wanted } from "../integration/release-project";
import { Client, clientOf, TestRegistry } from "../integration/two-registries";
import { type Fault, FaultyProxy, type Plan } from "./proxy";
import { startedBy } from "./run";

/** `npm run test:faults` takes all. */
const kinds = Number(process.env.STRATA_FAULT_KINDS ?? 2);
const moments = Number(process.env.STRATA_FAULT_MOMENTS ?? 2);

const writes: Plan["concerns"] = (method) => ["POST", "PATCH", "PUT"].includes(method);
const blobs: Plan["concerns"] = (method, path) => ["PATCH", "PUT"].includes(method) && path.includes("/blobs/");
const manifests: Plan["concerns"] = (method, path) => method === "PUT" && path.includes("/manifests/");
const reads: Plan["concerns"] = (method) => ["HEAD", "GET"].includes(method);

/** What goes wrong, of which requests, and what the user reads where it lasts. */
const faults: readonly (readonly [title: string, Fault, Plan["concerns"], RegExp])[] = [
  ["a connection cut within a blob", { kind: "cut", after: 10_000 }, blobs, /EOF|reset|broken pipe|closed/],
  ["too many requests", { kind: "status", status: 429 }, writes, /\[http 429\]/],
  ["no service to writers", { kind: "status", status: 503 }, writes, /\[http 503\]/],
  ["an internal error", { kind: "status", status: 500 }, manifests, /\[http 500\]/],
  ["no service to readers", { kind: "status", status: 503 }, reads, /\[http 503\]/],
];

const tag = `b-${"1".repeat(64)}`;
const platforms = ["linux/amd64", "linux/arm64"];

describe("a promotion into a registry", function () {
  this.timeout(5 * 60_000);
  let [dev, prod]: (TestRegistry | undefined)[] = [];
  let proxy: FaultyProxy;
  let client: Client;
  let source: string;
  let digest: string;

  before(async () => {
    dev = await TestRegistry.start("faults-dev");
    prod = await TestRegistry.start("faults-prod");
    // The proxy has the registry's own address, so that no client has to know of it.
    const behind = await freePort();
    await prod.stop();
    await prod.startAt(behind);
    proxy = await FaultyProxy.start(prod.home, prod.port, behind);
    client = new Client(clientOf(join(home.folder, "faults-prod/client"), dev, prod));
    source = `${dev.host}/acme/app`;
    digest = await client.push(`${source}:${tag}`, randomBytes(200_000).toString("hex"), { platforms });
    const attach = ["artifact", "put", "--artifact-type", "application/x", "--subject", `${source}:${tag}`];
    await client.regctl(attach, "attached");
    await client.push(`${source}:${digest.replace(":", "-")}.sig`, "signature");
  });
  afterEach(() => proxy?.set(undefined));
  after(async () => {
    await proxy?.stop();
    await Promise.all([dev?.stop(), prod?.stop()]);
  });

  for (const [title, fault, concerns, told] of faults.slice(0, kinds)) {
    it(`with ${title}, twice: comes to its end`, () =>
      withProject(async (project, target) => {
        const met = proxy.set({ fault, concerns, times: 2 });
        await succeeds(project);
        assert.equal(met.length, 2);
        await assertPromoted(target);
      }));

    it(`with ${title}, for good: ends, names image and registry, and goes on afterwards`, () =>
      withProject(async (project, target) => {
        proxy.set({ fault, concerns });
        const { exitCode, all } = await project.start(["up", "--yes", "--skip-preview", "--stack", "test"]);
        assert.notEqual(exitCode, 0, String(all));
        const said =
          String(all)
            .split("\n")
            .find((line) => line.includes("error: ") && line.includes(target)) ?? "";
        assert.match(said, told, String(all));
        if (process.env.STRATA_FAULT_SHOW) process.stdout.write(`${said}\n`);
        proxy.set(undefined);
        assert.ok([undefined, digest].includes(await client.digest(`${target}:${tag}`)));
        await succeeds(project);
        await assertPromoted(target);
      }));
  }

  it("of which one tag could not be given keeps what was done, and gives the rest in the next update", () =>
    withProject(async (project, target) => {
      const fault: Fault = { kind: "status", status: 400 };
      proxy.set({ fault, concerns: (method, path) => method === "PUT" && path.endsWith("/manifests/latest") });
      const { exitCode, output } = await project.up();
      assert.notEqual(exitCode, 0);
      assert.match(
        output,
        /error: 1 error occurred:\s+\* \S+:latest: regctl image copy failed: failed to put manifest .*\[http 400\]/,
      );
      assert.equal(await client.digest(`${target}:1.0.0`), digest);
      proxy.set(undefined);
      assert.match(await succeeds(project), /~ strata:release:Tags: \(update\)/);
      await assertPromoted(target);
      project.asked();
      await succeeds(project);
      assert.deepEqual(project.asked(), []);
    }));

  for (let number = 0; number < moments; number++) {
    const after = randomInt(4000);
    it(`whose provider is killed ${after} ms after it has begun: comes to the same end in the next update`, () =>
      withProject(async (project, target) => {
        proxy.set({ fault: { kind: "slow", milliseconds: 150 }, concerns: () => true });
        const child = project.start(["up", "--yes", "--skip-preview", "--stack", "test"]);
        const provider = await found(() => startedBy(child.pid as number, isProvider)[0]);
        while (project.asked().length === 0 && isRunning(provider)) await sleep(20);
        await sleep(after);
        if (isRunning(provider)) process.kill(provider, "SIGKILL");
        const { exitCode, all } = await child;
        if (exitCode === 0) process.stdout.write("      it had ended by then\n");
        else assert.match(String(all), /error: /);
        proxy.set(undefined);
        await recoverStack({ folder: project.folder, stack: "test", env: project.env, yes: false });
        await succeeds(project);
        await assertPromoted(target);
        project.asked();
        await succeeds(project);
        assert.deepEqual(project.asked(), []);
      }));
  }

  it("that does not answer ends in order at Ctrl-C", () =>
    withProject(async (project, target) => {
      const met = proxy.set({ fault: { kind: "silent" }, concerns: blobs });
      const child = project.start(["up", "--yes", "--skip-preview", "--stack", "test"]);
      await found(() => met.length || undefined);
      const began = Date.now();
      process.kill(child.pid as number, "SIGINT");
      assert.notEqual((await child).exitCode, 0);
      assert.ok(Date.now() - began < 15_000, "it waited for nothing");
      proxy.set(undefined);
      await succeeds(project);
      await assertPromoted(target);
    }));

  it("whose engine is killed leaves neither a provider nor what that started", () =>
    withProject(async (project, target) => {
      const met = proxy.set({ fault: { kind: "silent" }, concerns: blobs });
      const child = project.start(["up", "--yes", "--skip-preview", "--stack", "test"]);
      await found(() => met.length || undefined);
      const left = startedBy(child.pid as number, (command) => isProvider(command) || isCopy(command));
      assert.ok(left.length >= 2, String(left));
      process.kill(child.pid as number, "SIGKILL");
      await child;
      for (const end = Date.now() + 10_000; left.some(isRunning) && Date.now() < end; ) await sleep(50);
      assert.deepEqual(left.filter(isRunning), []);
      proxy.set(undefined);
      await recoverStack({ folder: project.folder, stack: "test", env: project.env, yes: false });
      await succeeds(project);
      await assertPromoted(target);
    }));

  async function withProject(test: (project: ReleaseProject, target: string) => Promise<void>): Promise<void> {
    const target = `${prod?.host}/prod/${randomBytes(4).toString("hex")}`;
    const wanted: Wanted = {
      copies: { app: { source: `${source}@${digest}`, repository: target, tag, digest, platforms } },
      tags: { app: { repository: target, tags: { "1.0.0": digest, latest: digest }, immutable: ["1.0.0"] } },
    };
    const project = await new ReleaseProject(client.env).init(wanted);
    try {
      await test(project, target);
    } finally {
      proxy.set(undefined);
      project.remove();
    }
  }

  async function assertPromoted(target: string): Promise<void> {
    for (const name of [tag, "1.0.0", "latest"]) assert.equal(await client.digest(`${target}:${name}`), digest, name);
    assert.match(await client.regctl(["artifact", "list", `${target}:${tag}`]), /application\/x/);
    assert.ok(await client.digest(`${target}:${digest.replace(":", "-")}.sig`));
    const archive = join(home.folder, "promoted.tar");
    // Every blob is read.
    await client.regctl(["image", "export", `${target}:${tag}`, archive]);
  }
});

const isProvider = (command: readonly string[]) => command.some((word) => word.endsWith("provider/main.ts"));
const isCopy = (command: readonly string[]) => /regctl$/.test(command[0] ?? "") && command[2] === "copy";

/** Waits until it is there. */
async function found<T>(find: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) {
    const value = find();
    if (value !== undefined) return value;
  }
  throw new Error("it did not come");
}

async function succeeds(project: ReleaseProject): Promise<string> {
  const { exitCode, output } = await project.up();
  assert.equal(exitCode, 0, output);
  return output;
}
