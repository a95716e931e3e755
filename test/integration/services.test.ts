import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { homeAt, root } from "../../tools/home";
import { isRunning, runningPid } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { askRegistry } from "../../tools/services/registry";
import {
  registryPort,
  resetServices,
  startServices,
  statusOfServices,
  stopServices,
} from "../../tools/services/services";

const home = homeAt(join(root, ".strata/test-services"));

/** Of all processes, those of this home's services, whoever knows them. */
const daemons = () => {
  const files = ["buildkitd.toml", "registry.yml"].map((name) => join(home.run, name));
  const all = globSync("/proc/[0-9]*/cmdline").map((file) => [Number(file.split("/")[2]), readOr(file)] as const);
  return all.filter(([, command]) => files.some((file) => command.includes(file))).map(([pid]) => pid);
};
const pids = () => ["buildkitd", "registry"].map((name) => runningPid(name, home));
const healthy = async () => (await statusOfServices(home)).every((service) => service.healthy);

describe("the local services", () => {
  let port: number;
  before(async () => {
    rmSync(home.folder, { recursive: true, force: true });
    mkdirSync(home.folder, { recursive: true });
    port = await freePort();
    process.env.STRATA_CANARY = "of whoever starts them";
    process.env.REGISTRY_LOG_LEVEL = "debug";
  });
  after(async () => {
    delete process.env.STRATA_CANARY;
    delete process.env.REGISTRY_LOG_LEVEL;
    await stopServices(home);
    rmSync(home.folder, { recursive: true, force: true });
  });

  it("start once where two start them at once, and leave nothing running when they stop", async () => {
    const registry = `localhost:${port}`;
    assert.deepEqual(await Promise.all([startServices(home, port), startServices(home)]), [registry, registry]);
    assert.deepEqual(daemons().sort(), pids().sort());
    await stopServices(home);
    assert.deepEqual(daemons(), []);
  });

  it("start, and answer with TLS and a password", async () => {
    assert.equal(await startServices(home, port), `localhost:${port}`);
    assert.ok(await healthy());
    assert.equal(await askRegistry(home, port, "/v2/"), 200);
    await assert.rejects(fetch(`https://localhost:${port}/v2/`), "our authority is nobody else's");
  });

  it("have nothing of the environment of whoever started them but what they need", () => {
    for (const pid of pids()) {
      const names = readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .map((line) => line.split("=")[0] as string);
      assert.ok(names.includes("PATH"));
      const others = /^(PATH|HOME|TMPDIR|SSL_CERT_(FILE|DIR)|.*_proxy|OTEL_TRACES_EXPORTER|)$/i;
      assert.deepEqual(
        names.filter((name) => !others.test(name)),
        [],
      );
    }
  });

  it("are left as they run by a second start, which remembers the port", async () => {
    const before = pids();
    await startServices(home);
    assert.deepEqual(pids(), before);
    assert.equal(registryPort(home), port);
  });

  it("come back after one was killed", async () => {
    process.kill(runningPid("registry", home) as number, "SIGKILL");
    while (runningPid("registry", home) !== undefined) await sleep(10);
    await startServices(home);
    assert.ok(await healthy());
  });

  it("leave nothing running when they stop, and stop twice", async () => {
    const before = pids() as number[];
    assert.deepEqual(await stopServices(home), ["buildkitd", "registry"]);
    for (const pid of before) assert.equal(isRunning(pid), false, `${pid}`);
    assert.deepEqual(await stopServices(home), []);
    assert.deepEqual(
      (await statusOfServices(home)).map(({ running }) => running),
      [false, false],
    );
  });

  it("start in spite of a pid file whose number another process has now", async () => {
    for (const name of ["registry", "buildkitd"]) writeFileSync(join(home.run, `${name}.pid`), `${process.pid} 1\n`);
    assert.deepEqual(pids(), [undefined, undefined]);
    await startServices(home);
    assert.ok(await healthy());
    await stopServices(home);
  });

  it("name the port that is taken, and what to do", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      await assert.rejects(
        startServices(home),
        new RegExp(`Port ${port} is taken .* strata services start --registry-port`),
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("keep the password out of logs, configuration and the list of processes", () => {
    const { auths } = JSON.parse(readFileSync(join(home.docker, "config.json"), "utf8"));
    const password = Buffer.from(auths[`localhost:${port}`].auth, "base64").toString().split(":")[1] as string;
    assert.ok(password.length >= 32);
    const commands = globSync("/proc/[0-9]*/cmdline").flatMap((file) =>
      existsSync(file) ? [readFileSync(file, "utf8")] : [],
    );
    assert.ok(commands.length > 1 && commands.every((command) => !command.includes(password)));
    for (const file of [
      join(home.logs, "buildkitd.log"),
      join(home.logs, "registry.log"),
      join(home.run, "registry.yml"),
      join(home.run, "registry.htpasswd"),
    ]) {
      assert.ok(!readFileSync(file, "utf8").includes(password), file);
    }
  });

  it("go on when the user logs in elsewhere, or loses the Docker configuration", async () => {
    const file = join(home.docker, "config.json");
    const config = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ auths: { "ghcr.io": { auth: "eDp5" }, ...config.auths } }));
    await startServices(home);
    assert.ok(await healthy());
    assert.equal(JSON.parse(readFileSync(file, "utf8")).auths["ghcr.io"].auth, "eDp5");
    await stopServices(home);
    rmSync(home.docker, { recursive: true });
    await startServices(home);
    assert.ok(await healthy());
    assert.equal(await askRegistry(home, port, "/v2/"), 200);
  });

  it("throw images and caches away on reset, and nothing of Pulumi's", async () => {
    mkdirSync(home.state, { recursive: true });
    writeFileSync(join(home.state, "kept"), "");
    await resetServices(home);
    assert.ok(!existsSync(home.registry) && !existsSync(home.buildkit));
    assert.ok(existsSync(join(home.state, "kept")));
  });
});

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
