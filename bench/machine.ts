import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { execa } from "execa";
import { root } from "../tools/home";
import { planTools, serviceTools } from "../tools/toolchain/tools";

/** The machine that figures were taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** @example "Debian GNU/Linux 12 (bookworm), Linux 6.1.0" */
  readonly system: string;
  /** Name → version. */
  readonly tools: Readonly<Record<string, string>>;
  /** The upstreams in whose place stand-ins were built on, where that is told. @example ["debian:trixie-slim"] */
  readonly standIns?: readonly string[];
}

export function thisMachine(): Machine {
  const tools = [...planTools, ...serviceTools].map(({ name, version }) => [name, version] as const);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${distribution()}, Linux ${release()}`,
    tools: { node: process.versions.node, ...Object.fromEntries(tools) },
  };
}

/** Tells machines apart, and what is installed on them. What memory there is differs by some kB from one start to the next. */
export function machineHash({ cpu, cores, memoryBytes, tools }: Machine): string {
  return createHash("sha256")
    .update(JSON.stringify([cpu, cores, Math.round(memoryBytes / 2 ** 30), tools]))
    .digest("hex")
    .slice(0, 12);
}

/** The commit that is checked out, with `+` behind it where files differ from it. */
export async function thisCommit(): Promise<string> {
  const git = (...args: string[]) => execa("git", args, { cwd: root, timeout: 30_000, reject: false });
  const { stdout: commit, failed } = await git("rev-parse", "--short=12", "HEAD");
  if (failed) return "unknown";
  const { stdout: changed } = await git(
    "status",
    "--porcelain",
    "--",
    ...["bench", "bin", "components", "images", "tools"],
    ...["index.ts", "package-lock.json", "Pulumi.yaml", "tsconfig.json"],
  );
  return changed === "" ? commit : `${commit}+`;
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "an unknown distribution";
  }
}
