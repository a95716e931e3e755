import { readdirSync, readFileSync } from "node:fs";
import { setInterval } from "node:timers";

/** In milliseconds. */
const interval = 50;
/** As /proc counts (proc(5)); the same on all machines of today. */
const ticksPerSecond = 100;

/** What the processes beneath this one used, without the services. */
export interface Used {
  /** The most memory there was at once: the sum of what each has, of a page that several have its share. */
  readonly peakBytes: number;
  /** Seconds of processor by the processes' names, the most first. What a process used in its last moment is missing. */
  readonly cpu: readonly (readonly [process: string, seconds: number])[];
}

/** Watches all processes beneath this one. @returns ends it, and says what they used */
export function watchProcesses(): () => Used {
  let peakBytes = 0;
  const times = new Map<number, { readonly name: string; readonly seconds: number }>();
  const timer = setInterval(() => {
    const there = processesBeneath(process.pid);
    for (const { pid, name, seconds } of there) times.set(pid, { name, seconds });
    peakBytes = Math.max(
      peakBytes,
      there.reduce((sum, { pid }) => sum + shareOf(pid), 0),
    );
  }, interval);
  return () => {
    clearInterval(timer);
    const cpu = new Map<string, number>();
    for (const { name, seconds } of times.values()) cpu.set(name, (cpu.get(name) ?? 0) + seconds);
    return { peakBytes, cpu: [...cpu].sort(([, a], [, b]) => b - a) };
  };
}

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly seconds: number;
}

const services = new Set(["buildkitd", "registry"]);

function processesBeneath(ancestor: number): Process[] {
  const parents = new Map<number, number>();
  const processes: Process[] = [];
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readProc(`${entry}/stat`) : "";
    if (stat === "") continue;
    const pid = Number(entry);
    // The name is in brackets, and may have some itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    parents.set(pid, Number(fields[1]));
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    processes.push({ pid, name, seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond });
  }
  const isBeneath = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === ancestor || isBeneath(parent));
  };
  return processes.filter(({ pid, name }) => isBeneath(pid) && !services.has(name));
}

function shareOf(pid: number): number {
  const [, kilobytes = "0"] = /^Pss: +(\d+) kB$/m.exec(readProc(`${pid}/smaps_rollup`)) ?? [];
  return Number(kilobytes) * 1024;
}

/** Empty for a process that has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}
