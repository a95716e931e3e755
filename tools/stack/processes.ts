import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { connect } from "node:net";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../services/daemon";

/** A process that Pulumi started: a language host or a provider. */
export interface Plugin {
  readonly pid: number;
  /** @example "pulumi-resource-docker-build" */
  readonly name: string;
}

/** In milliseconds. */
const endLimit = 5_000;

const plugin = /^pulumi-(resource|language|analyzer)-|^dynamic-provider$/;

/** The name of a process that runs. */
export function processName(pid: number): string | undefined {
  if (process.platform === "linux") return isRunning(pid) ? readProc(pid, "comm")?.trim() : undefined;
  const { stdout, error } = spawnSync("ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8", timeout: 5_000 });
  // Where nobody tells, a run is taken to be under way rather than not.
  if (error) return "pulumi";
  return stdout.trim() === "" ? undefined : basename(stdout.trim());
}

/** Whether a key such as Ctrl-C on the terminal reaches this process, and with it all that it starts, whatever its input is. */
export function isInForeground(): boolean {
  if (process.platform === "linux") {
    return statusField(process.pid, processGroup) === statusField(process.pid, foregroundGroup);
  }
  const asked = ["-p", String(process.pid), "-o", "pgid=,tpgid="];
  const { stdout } = spawnSync("ps", asked, { encoding: "utf8", timeout: 5_000 });
  const [group, foreground] = stdout?.trim().split(/\s+/) ?? [];
  return group !== undefined && group === foreground;
}

/**
 * Plugins that a killed run of a stack has left behind.
 *
 * Pulumi gives each plugin the address of its engine and nothing that names the run. A plugin whose parent is gone and at whose
 * engine's address nobody listens can be of use to no run any more. It is the stack's where it works in the project's folder and
 * its environment names no other stack or state.
 *
 * @returns `orphans`, of which that is certain, and `unclear`, which may have an engine yet. Both are empty where the system has no
 * /proc, since there nothing can be found out
 */
export async function leftPlugins(
  folder: string,
  stack: string,
  backend: string,
): Promise<{ orphans: Plugin[]; unclear: Plugin[] }> {
  const found: { orphans: Plugin[]; unclear: Plugin[] } = { orphans: [], unclear: [] };
  if (process.platform !== "linux") return found;
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const command = readProc(pid, "cmdline")?.split("\0") ?? [];
    const name = command.slice(0, 2).map(baseOf).find(isPlugin);
    if (!name || !isRunning(pid) || !worksIn(pid, folder) || processName(parentOf(pid)) === "pulumi") continue;
    const { PULUMI_STACK = stack, PULUMI_BACKEND_URL = backend } = environmentAt(pid);
    if (PULUMI_STACK !== stack || PULUMI_BACKEND_URL !== backend) continue;
    const port = engineOf(command);
    found[port !== undefined && !(await listens(port)) ? "orphans" : "unclear"].push({ pid, name });
  }
  return found;
}

/**
 * Ends orphans and what they started, which Pulumi puts into their process groups. They get no time for anything: whom they could
 * tell is gone.
 *
 * @throws Error naming one that does not end
 */
export async function endPlugins(orphans: readonly Plugin[]): Promise<void> {
  for (const { pid } of orphans) {
    const target = statusField(pid, processGroup) === pid ? -pid : pid;
    try {
      process.kill(target, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  const limit = Date.now() + endLimit;
  for (const { pid, name } of orphans) {
    while (isRunning(pid)) {
      if (Date.now() > limit) throw new Error(`${name} (process ${pid}) does not end; end it, then try again`);
      await sleep(10);
    }
  }
}

function baseOf(path: string): string {
  return basename(path);
}

function isPlugin(name: string): boolean {
  return plugin.test(name);
}

/** The engine's address is an argument of its own, of every plugin. */
function engineOf(command: readonly string[]): number | undefined {
  const address = command.map((argument) => /^127\.0\.0\.1:(\d+)$/.exec(argument)).find((match) => match !== null);
  return address ? Number(address[1]) : undefined;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const tell = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", (error: NodeJS.ErrnoException) => tell(error.code !== "ECONNREFUSED"));
    socket.setTimeout(1000, () => tell(true));
  });
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

function environmentAt(pid: number): Record<string, string> {
  const lines = readProc(pid, "environ")?.split("\0") ?? [];
  return Object.fromEntries(
    lines.filter(Boolean).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Of the fields of /proc/<pid>/stat (proc(5)), from the third on, which is behind the name. */
const parent = 1;
const processGroup = 2;
const foregroundGroup = 5;

function parentOf(pid: number): number {
  return statusField(pid, parent) ?? 0;
}

function statusField(pid: number, field: number): number | undefined {
  const stat = readProc(pid, "stat");
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field]);
}

/** Undefined for a process that has ended, and for one that this user may not look at. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}
