import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { logFile, startDaemon, stopDaemon } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { configureRegistry, registryDaemon } from "../../tools/services/registry";
import { registryPort, startServices } from "../../tools/services/services";
import { recoverStack } from "../../tools/stack/recover";
import { home, Project, testServices } from "../integration/project";
import { type Fault, FaultyProxy, type Plan } from "./proxy";
import { assertRight, builtTags, type Ended, emptyCache, Run } from "./run";

const family = {
  "images/base/Dockerfile": "FROM scratch\nCOPY data /data\n",
  "images/base/data": incompressible(300_000),
  "images/app/Dockerfile": "FROM base\nCOPY data /app\n",
  "images/app/data": "app\n",
};
const names = ["base", "app"];

/** `npm run test:faults` takes all. */
const kinds = Number(process.env.STRATA_FAULT_KINDS ?? 2);

const writes: Plan["concerns"] = (method) => ["POST", "PATCH", "PUT"].includes(method);
const blobs: Plan["concerns"] = (method, path) => ["PATCH", "PUT"].includes(method) && path.includes("/blobs/");
const manifests: Plan["concerns"] = (method, path) => method === "PUT" && path.includes("/manifests/");
const reads: Plan["concerns"] = (method) => ["HEAD", "GET"].includes(method);

/** What Go's HTTP client says of it depends on what it was doing at that moment. */
const brokenConnection =
  /connection reset|broken pipe|EOF|use of closed network connection|transport connection broken/;

/** What goes wrong, of which requests, and what the user reads where it lasts. */
const faults: readonly (readonly [title: string, Fault, Plan["concerns"], RegExp])[] = [
  ["no service to writers", status(503), writes, /503 Service Unavailable/],
  ["a connection cut within a blob", { kind: "cut", after: 10_000 }, blobs, brokenConnection],
  ["an internal error", status(500), writes, /500 Internal Server Error/],
  ["no service to readers", status(503), reads, /503 Service Unavailable/],
  ["no service to manifests", status(503), manifests, /503 Service Unavailable/],
  ["too many requests", status(429), writes, /429 Too Many Requests/],
];

describe("a registry with", function () {
  this.timeout(5 * 60_000);
  let proxy: FaultyProxy;
  let port: number;
  let undisturbed: Record<string, string>;

  before(async () => {
    await testServices();
    // The proxy has the registry's own address, so that neither BuildKit nor credentials have to know of it.
    port = registryPort(home);
    const behind = await freePort();
    await stopDaemon("registry", home);
    configureRegistry(home, behind);
    await startDaemon(registryDaemon(home, behind), home);
    proxy = await FaultyProxy.start(home, port, behind);
    undisturbed = await withProject(async (project) => {
      await succeeds(project);
      return project.digests();
    });
  });
  after(async () => {
    await proxy?.stop();
    await stopDaemon("registry", home);
    await startServices(home, port);
  });

  for (const [title, fault, concerns, told] of faults.slice(0, kinds)) {
    it(`${title}, twice: BuildKit tries again`, () =>
      withProject(async (project) => {
        const met = proxy.set({ fault, concerns, times: 2 });
        await succeeds(project);
        assert.equal(met.length, 2);
        assert.deepEqual(await builtTags(project, names), oneEach(undisturbed));
      }));

    it(`${title}, for good: the up ends, names the registry, and leaves no wrong tag`, () =>
      withProject(async (project) => {
        proxy.set({ fault, concerns });
        fails(await Run.up(project).ended(), project, told);
        proxy.set(undefined);
        assertRight(await builtTags(project, names), undisturbed);
        await succeeds(project);
        assert.deepEqual(await builtTags(project, names), oneEach(undisturbed));
      }));
  }

  it("answers that come late: it takes as long as it takes", () =>
    withProject(async (project) => {
      proxy.set({ fault: { kind: "slow", milliseconds: 500 }, concerns: () => true });
      await succeeds(project);
      assert.deepEqual(await builtTags(project, names), oneEach(undisturbed));
    }));

  it("no answer at all to one request: the up waits, ends in order at Ctrl-C, and the next one goes on", () =>
    withProject(async (project) => {
      const met = proxy.set({ fault: { kind: "silent" }, concerns: blobs, times: 1 });
      const run = Run.up(project);
      while (met.length === 0 && run.running) await sleep(50);
      await sleep(3000);
      assert.ok(run.running, "neither BuildKit nor the provider has a limit");
      process.kill(run.pid, "SIGINT");
      assert.notEqual((await run.ended()).exitCode, 0);
      assertRight(await builtTags(project, names), undisturbed);
      const recovery = await recoverStack({ folder: project.folder, stack: "local", env: project.env, yes: false });
      assert.deepEqual([recovery.locks, recovery.ended], [[], []]);
      await succeeds(project);
      assert.deepEqual(await builtTags(project, names), oneEach(undisturbed));
    }));

  it("no answer at all to one request: a build ends when its time is over, and the next up goes on", () =>
    withProject(async (project) => {
      await project.configure({ timeout: "10s" });
      const met = proxy.set({ fault: { kind: "silent" }, concerns: blobs, times: 1 });
      const { exitCode, output } = await Run.up(project).ended();
      assert.notEqual(exitCode, 0, output);
      assert.match(output, /docker-build:index:Image \(base\):\s+error: context deadline exceeded/);
      assert.equal(met.length, 1);
      assertRight(await builtTags(project, names), undisturbed);
      await succeeds(project);
      assert.deepEqual(await builtTags(project, names), oneEach(undisturbed));
    }));

  describe("a base that is new", () => {
    const files = { ...family, "images/base/data": incompressible(7_000_000) };
    const uploads: Plan["concerns"] = (method, path) =>
      ["POST", "PUT"].includes(method) && path.includes("/app/blobs/uploads/");
    const isMount: Plan["concerns"] = (method, path) => uploads(method, path) && path.includes("mount=");
    const watched: Plan = { fault: { kind: "slow", milliseconds: 0 }, concerns: uploads };
    const having = (requests: readonly string[], name: string) =>
      requests.filter((request) => request.includes(`${name}=`)).map(queryOf);

    it("gives the repositories of what stands on it what it brings, which no builder sends there", () =>
      withProject(async (project) => {
        const requests = proxy.set(watched);
        await succeeds(project);
        const [layer = ""] = await project.filesystemLayersOf("base");
        const mounts = having(requests, "mount").map((query) => [query.get("mount"), query.get("from")]);
        assert.deepEqual(mounts, [[layer, `${project.organisation}/base`]]);
        const sent = having(requests, "digest").map((query) => query.get("digest"));
        assert.ok(sent.length > 0);
        assert.ok(!sent.includes(layer));

        project.append("images/app/data", "more\n");
        const later = proxy.set(watched);
        await succeeds(project);
        assert.ok(later.length > 0);
        assert.ok(!later.some((request) => request.includes("mount=")), "a base that stays brings nothing");
      }, files));

    it("is mounted for the cache of what stages build upon it, whose image has nothing of it", () =>
      withProject(
        async (project) => {
          const requests = proxy.set(watched);
          await succeeds(project);
          const data = (await project.filesystemLayersOf("base")).at(-1) ?? "";
          const mounted = having(requests, "mount").map((query) => query.get("mount"));
          assert.ok(mounted.includes(data), String(mounted));
          const sent = having(requests, "digest").map((query) => query.get("digest"));
          assert.ok(sent.length > 0);
          assert.ok(!sent.includes(data));
        },
        {
          ...files,
          "images/base/Dockerfile": "FROM alpine:3.22\nCOPY data /data\n",
          "images/app/Dockerfile":
            "FROM base AS made\nRUN wc -c < /data > /app\nFROM scratch\nCOPY --from=made /app /\n",
        },
      ));

    it("and a registry that does not mount: the builder sends it, and nothing else does", () =>
      withProject(async (project) => {
        const requests: string[] = [];
        const watched: Plan["concerns"] = (method, path) => {
          requests.push(`${method} ${path}`);
          return isMount(method, path);
        };
        const met = proxy.set({ fault: status(405), concerns: watched });
        await succeeds(project);
        assert.ok(met.length > 0);
        const [layer = ""] = await project.filesystemLayersOf("base");
        const sent = requests.filter((request) => /^PUT .*\/app\/blobs\//.test(request)).map(queryOf);
        assert.equal(sent.filter((query) => query.get("digest") === layer).length, 1);
        const fetched = requests.filter((request) => /^GET .*\/blobs\//.test(request) && request.includes(layer));
        assert.deepEqual(fetched, []);
      }, files));

    it("and a registry that says nothing to that: the builder sends it after a while", () =>
      withProject(async (project) => {
        const met = proxy.set({ fault: { kind: "silent" }, concerns: isMount });
        await succeeds(project);
        assert.ok(met.length > 0);
      }, files));
  });

  /** On a BuildKit that has nothing of the family, so that all of it is pushed. */
  async function withProject<Result>(
    test: (project: Project) => Promise<Result>,
    files: Readonly<Record<string, string>> = family,
  ): Promise<Result> {
    await emptyCache();
    const project = await Project.make(files);
    try {
      return await test(project);
    } finally {
      proxy.set(undefined);
      project.remove();
    }
  }
});

describe("a registry whose disk is full", function () {
  this.timeout(5 * 60_000);
  let mounted = false;

  before(async function () {
    await testServices();
    await stopDaemon("registry", home);
    const { failed, stderr } = await mount("-t", "tmpfs", "-o", "size=256k", "strata-test", home.registry);
    mounted = !failed;
    await startDaemon(registryDaemon(home, registryPort(home)), home);
    if (failed) {
      process.stdout.write(`    skipped, since this machine does not allow to mount: ${stderr}\n`);
      this.skip();
    }
  });
  after(async () => {
    if (!mounted) return;
    await stopDaemon("registry", home);
    await execa("umount", [home.registry], { timeout: 30_000 });
    await startServices(home);
  });

  it("ends the up, which says so, leaves no wrong tag, and goes on when there is room", async () => {
    await emptyCache();
    const project = await Project.make(family);
    try {
      const full = await Run.up(project).ended();
      // BuildKit passes on what the registry says of the last attempt, and that is seldom the disk: an upload that it
      // no longer knows, a range that does not fit, status 500. Its own log tells of the disk.
      const words =
        /invalid content range|blob upload (unknown|invalid)|500 Internal Server Error|no space left on device/;
      fails(full, project, words);
      assert.match(readFileSync(logFile("registry", home), "utf8"), /no space left on device/);
      const before = await builtTags(project, names);
      assert.equal((await mount("-o", "remount,size=16m", home.registry)).failed, false);
      await succeeds(project);
      const digests = await project.digests();
      assertRight(before, digests);
      assert.deepEqual(await builtTags(project, names), oneEach(digests));
    } finally {
      project.remove();
    }
  });
});

/** @param request `METHOD path` */
function queryOf(request: string): URLSearchParams {
  return new URL(request.slice(request.indexOf(" ") + 1), "https://registry").searchParams;
}

function mount(...args: string[]) {
  return execa("mount", args, { reject: false, timeout: 30_000 });
}

async function succeeds(project: Project): Promise<void> {
  const { exitCode, output } = await Run.up(project).ended();
  assert.equal(exitCode, 0, output);
}

function fails({ exitCode, output }: Ended, { registry }: Project, told: RegExp): void {
  assert.notEqual(exitCode, 0, output);
  const diagnostics = output.slice(output.indexOf("Diagnostics:"));
  const [said = ""] = /docker-build:index:Image \(base\):\s+error: .*/.exec(diagnostics) ?? [];
  assert.ok(said.includes(registry), diagnostics);
  assert.match(said, told);
  if (process.env.STRATA_FAULT_SHOW) process.stdout.write(`${said}\n`);
}

function oneEach(digests: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(digests).map(([layer, digest]) => [layer, [digest]]));
}

function status(code: number): Fault {
  return { kind: "status", status: code };
}

/** The same bytes every time, of which compression leaves most. */
function incompressible(length: number): string {
  let text = "";
  for (let block = 0; text.length < length; block++) {
    text += createHash("sha256").update(String(block)).digest("base64");
  }
  return text;
}
