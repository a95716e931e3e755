import { globSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { processName } from "./processes";

/** Who holds a lock, as Pulumi writes it into the lock's file. */
export interface Holder {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  /** @example "2026-11-21T13:38:06.377467032Z" */
  readonly timestamp: string;
}

export interface Lock {
  readonly file: string;
  /** Undefined where the file cannot be read, as after a full disk. */
  readonly holder: Holder | undefined;
}

/**
 * The folder of a state that lies in this machine's files.
 *
 * @param url a backend's. @example "file:///srv/state?no_tmp_dir=true", "file://~"
 * @returns undefined for any other backend, whose locks cannot be looked at
 */
export function stateFolder(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const [path = ""] = url.slice("file://".length).split("?");
  return path.replace(/^~(?=\/|$)/, homedir());
}

/** The locks of one stack: Pulumi refuses to start a run while there is one. */
export function locksIn(state: string, project: string, stack: string): Lock[] {
  // Without a project: states that an old Pulumi made.
  return [`organization/${project}/${stack}`, stack].flatMap((folder) =>
    globSync("*.json", { cwd: join(state, ".pulumi/locks", folder) })
      .map((name) => join(state, ".pulumi/locks", folder, name))
      .map((file) => ({ file, holder: holderIn(file) })),
  );
}

/**
 * What has become of the run that holds a lock: a run that ends in order takes its lock away, and one that was killed cannot.
 *
 * @returns "unknown" where that cannot be told from here: on another machine, or of a lock that cannot be read
 */
export function runOf({ holder }: Lock): "running" | "ended" | "unknown" {
  if (!holder || holder.hostname !== hostname()) return "unknown";
  // The system may have given the number to another program since. Where it is another run of Pulumi we take it for the holder:
  // a lock that stays a little too long is better than two runs on one state.
  return processName(holder.pid)?.startsWith("pulumi") ? "running" : "ended";
}

/** @example "pulumi (process 7305 of root on vm, since 2026-11-21 13:38:06 UTC)" */
export function holderText({ holder, file }: Lock): string {
  if (!holder) return `a holder that cannot be read (${file})`;
  const { pid, username, hostname: host, timestamp } = holder;
  return `pulumi (process ${pid} of ${username} on ${host}, since ${timestamp.slice(0, 19).replace("T", " ")} UTC)`;
}

function holderIn(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    const { pid, username, hostname: host, timestamp } = holder;
    if (typeof pid !== "number" || typeof host !== "string") return undefined;
    return { pid, hostname: host, username: String(username), timestamp: utc(String(timestamp)) };
  } catch {
    return undefined;
  }
}

/** Pulumi writes the time of its machine's own zone. */
function utc(timestamp: string): string {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime()) ? timestamp : time.toISOString();
}
