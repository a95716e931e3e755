import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { claim, giveBack } from "../claim";
import type { Home } from "../home";
import { pathWithTools } from "../toolchain/install";
import { buildkitDaemon, configureBuildkit, ensureBuilder } from "./buildkit";
import { ensureCertificates } from "./certificates";
import { logFile, runningPid, startDaemon, stopDaemon } from "./daemon";
import { unmountBeneath } from "./mounts";
import { configureRegistry, registryDaemon } from "./registry";

const defaultRegistryPort = 5443;

/** In milliseconds: longer than somebody else takes to start or to stop them, also where a daemon does not answer. */
const patience = 60_000;

export interface ServiceStatus {
  readonly name: string;
  readonly running: boolean;
  readonly healthy: boolean;
  readonly pid: number | undefined;
  readonly log: string;
}

export interface ServiceOptions {
  /** Whether the registry's log has a line for each request. @default false */
  readonly accessLog?: boolean;
}

/**
 * Starts BuildKit and the registry, unless they run.
 *
 * @param port of the registry; kept for the next time. @default the one of last time, first 5443
 * @returns the registry's host and port, `localhost:5443`
 * @throws Error where this machine cannot run them, and where something else has the port
 */
export async function startServices(home: Home, port?: number, options?: ServiceOptions): Promise<string> {
  requireLinuxRoot();
  // Which port that was is known when whoever else starts them has done so.
  return alone(home, () => start(home, port ?? registryPort(home), options));
}

async function start(home: Home, port: number, { accessLog = false }: ServiceOptions = {}): Promise<string> {
  process.env.PATH = pathWithTools();
  for (const folder of [home.run, home.logs, home.registry, home.buildkit]) mkdirSync(folder, { recursive: true });
  if (port !== registryPort(home)) await stop(home);
  if (runningPid("registry", home) === undefined) await requireFreePort(port);
  writeFileSync(portFile(home), `${port}\n`);

  await ensureCertificates(home);
  configureRegistry(home, port, accessLog);
  configureBuildkit(home, port);
  await Promise.all([startDaemon(registryDaemon(home, port), home), startDaemon(buildkitDaemon(home), home)]);
  await ensureBuilder(home);
  return `localhost:${port}`;
}

/** @returns the names of those that ran */
export function stopServices(home: Home): Promise<string[]> {
  return alone(home, () => stop(home));
}

async function stop(home: Home): Promise<string[]> {
  const names = ["buildkitd", "registry"];
  const ran = await Promise.all(names.map((name) => stopDaemon(name, home)));
  await unmountBeneath(home.buildkit);
  return names.filter((_, index) => ran[index]);
}

/** Throws images, caches and stand-ins away. Pulumi's state stays, so that the next `up` can tell what is missing. */
export function resetServices(home: Home): Promise<void> {
  return alone(home, async () => {
    await stop(home);
    for (const path of [home.standInsFile, home.registry, home.buildkit, home.standIns]) {
      rmSync(path, { recursive: true, force: true });
    }
  });
}

/** Throws BuildKit's cache away and nothing else, as on a fresh CI machine. Pruning would leave what aborted builds hold. */
export function emptyBuildkit(home: Home, options?: ServiceOptions): Promise<void> {
  requireLinuxRoot();
  return alone(home, async () => {
    await stop(home);
    rmSync(home.buildkit, { recursive: true, force: true });
    await start(home, registryPort(home), options);
  });
}

/**
 * Waits until nobody else starts or stops the services, and keeps others from it meanwhile: of two that start at once each would find
 * nothing running, and the daemon of the first would be known to nobody.
 *
 * @throws Error that names the process that does not come to an end
 */
async function alone<T>(home: Home, action: () => Promise<T>): Promise<T> {
  const file = join(home.run, "services.claim");
  const limit = Date.now() + patience;
  for (let holder = claim(file); holder !== undefined; holder = claim(file)) {
    if (Date.now() > limit) {
      throw new Error(
        `process ${holder} has been starting or stopping the local services for a minute; wait for it, or end it with: kill ${holder}`,
      );
    }
    await sleep(100);
  }
  try {
    return await action();
  } finally {
    giveBack(file);
  }
}

export async function statusOfServices(home: Home): Promise<ServiceStatus[]> {
  process.env.PATH = pathWithTools();
  const daemons = [buildkitDaemon(home), registryDaemon(home, registryPort(home))];
  return Promise.all(
    daemons.map(async ({ name, healthy }) => {
      const pid = runningPid(name, home);
      return {
        name,
        running: pid !== undefined,
        healthy: pid !== undefined && (await healthy()),
        pid,
        log: logFile(name, home),
      };
    }),
  );
}

/** The port of the registry: the one it was last started on. */
export function registryPort(home: Home): number {
  const file = portFile(home);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : defaultRegistryPort;
}

function portFile(home: Home): string {
  return join(home.folder, "registry-port");
}

function requireLinuxRoot(): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  const what = process.platform === "linux" ? "need root" : "run on Linux only";
  throw new Error(
    `The local services ${what}. Use a builder and a registry that you have: docs/guide/own-services.md says how`,
  );
}

/** A registry that was killed a moment ago holds its port a little longer, so this asks for up to two seconds. */
async function requireFreePort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await isFree(port)) return;
    await sleep(100);
  }
  throw new Error(`Port ${port} is taken by another program; try: strata services start --registry-port ${port + 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
