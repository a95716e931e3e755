import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "../home";

/** A long-running process of ours. */
export interface Daemon {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it serves. Must not throw. */
  readonly healthy: () => Promise<boolean>;
}

/** In milliseconds. */
const startLimit = 30_000;
const stopLimit = 15_000;
const longestLog = 10 * 1024 * 1024;

/**
 * Starts the process, detached and in a group of its own, and waits until it is healthy. Does nothing where it runs.
 *
 * @returns whether this call started it
 * @throws Error with the last lines of its log when it does not become healthy
 */
export async function startDaemon(daemon: Daemon, home: Home): Promise<boolean> {
  if (runningPid(daemon.name, home) !== undefined) {
    await untilHealthy(daemon, home, () => runningPid(daemon.name, home) !== undefined);
    return false;
  }
  const log = openLog(daemon.name, home);
  const child = spawn(daemon.command, daemon.args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...passedOn(process.env), ...daemon.env },
  });
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  closeSync(log);
  child.unref();
  if (child.pid !== undefined) writePid(daemon.name, home, child.pid);
  try {
    await untilHealthy(
      daemon,
      home,
      () => failure === undefined && child.exitCode === null && child.signalCode === null,
    );
  } catch (error) {
    if (child.exitCode !== null) forget(daemon.name, home, child.pid);
    throw failure ?? error;
  }
  return true;
}

/** Ends the process and everything it started. @returns whether it ran */
export async function stopDaemon(name: string, home: Home): Promise<boolean> {
  const pid = runningPid(name, home);
  if (pid === undefined) return false;
  signal(pid, "SIGTERM");
  const ended = await until(() => runningPid(name, home) === undefined, stopLimit);
  if (!ended) {
    signal(-pid, "SIGKILL");
    await until(() => runningPid(name, home) === undefined, stopLimit);
  }
  forget(name, home, pid);
  return true;
}

/** The process, where it is still the one that was started. */
export function runningPid(name: string, home: Home): number | undefined {
  const file = pidFile(name, home);
  return existsSync(file) ? pidIn(readFileSync(file, "utf8")) : undefined;
}

export function logFile(name: string, home: Home): string {
  return join(home.logs, `${name}.log`);
}

function pidFile(name: string, home: Home): string {
  return join(home.run, `${name}.pid`);
}

function writePid(name: string, home: Home, pid: number): void {
  writeFileSync(pidFile(name, home), `${pidText(pid)}\n`);
}

/** Removes the pid file, unless it is of a process that was started since. */
function forget(name: string, home: Home, pid: number | undefined): void {
  const file = pidFile(name, home);
  if (existsSync(file) && readFileSync(file, "utf8").startsWith(`${pid} `)) rmSync(file);
}

/** What tells a process from all that have its number after it, for a file that can outlive it: the number, and when it began. */
export function pidText(pid: number): string {
  return `${pid} ${beginningOf(pid)}`;
}

/** The process that `pidText` was given, where it still runs. */
export function pidIn(text: string): number | undefined {
  const [, pid, began] = /^(\d+) (.+)$/.exec(text.trim()) ?? [];
  return pid !== undefined && beginningOf(Number(pid)) === began ? Number(pid) : undefined;
}

/** Whether a process of this machine runs; one that ended and was not waited for yet does not. */
export function isRunning(pid: number): boolean {
  return beginningOf(pid) !== undefined;
}

/** Field 22 of /proc/<pid>/stat (proc(5)): when the process began; undefined for one that ended, zombies included. */
function beginningOf(pid: number): string | undefined {
  if (process.platform !== "linux") return beginningByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function beginningByPs(pid: number): string | undefined {
  const { stdout } = spawnSync("ps", ["-p", String(pid), "-o", "lstart="], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    timeout: 5_000,
  });
  return stdout?.trim() || undefined;
}

/**
 * What a daemon is given of the environment of whoever starts it: where programs, the proxy and the authorities are. It outlives
 * them, and anybody's REGISTRY_* and OTEL_* would make another of it; their secrets are none of its business.
 */
function passedOn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = /^(PATH|HOME|TMPDIR|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR))$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.test(name)));
}

async function untilHealthy(daemon: Daemon, home: Home, alive: () => boolean): Promise<void> {
  const ended = Date.now() + startLimit;
  while (Date.now() < ended) {
    if (!alive()) break;
    if ((await daemon.healthy()) && alive()) return;
    await sleep(50);
  }
  const log = logFile(daemon.name, home);
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-5).join("\n  ");
  throw new Error(
    `${daemon.name} ${alive() ? "does not answer" : "ended at once"}; its log (${log}) ends with:\n  ${tail}`,
  );
}

async function until(condition: () => boolean, limit: number): Promise<boolean> {
  const ended = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > ended) return false;
    await sleep(50);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function openLog(name: string, home: Home): number {
  const file = logFile(name, home);
  if (existsSync(file) && statSync(file).size > longestLog) truncateSync(file);
  return openSync(file, "a");
}
