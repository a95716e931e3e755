import { readdirSync, readFileSync } from "node:fs";
import { setInterval } from "node:timers";

/** In milliseconds. */
const interval = 50;

/**
 * Watches the memory of all processes beneath this one, but the services: the sum of what each has, of a page that several have
 * its share.
 *
 * @returns ends it, and gives the most there was at once, in bytes
 */
export function watchMemory(): () => number {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, memoryBeneath(process.pid));
  }, interval);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function memoryBeneath(pid: number): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readProc(`${entry}/stat`) : "";
    if (stat === "") continue;
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const services = new Set(["buildkitd", "registry"]);
  const isBeneath = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && (parent === pid || isBeneath(parent));
  };
  return [...parents.keys()]
    .filter((one) => isBeneath(one) && !services.has(readProc(`${one}/comm`).trim()))
    .reduce((sum, one) => sum + shareOf(one), 0);
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
