import assert from "node:assert/strict";
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { buildkitAddress } from "../../tools/services/buildkit";
import { isRunning } from "../../tools/services/daemon";
import { home, type Project } from "../integration/project";

/** How a run of Pulumi ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly output: string;
  readonly seconds: number;
}

/** In milliseconds: what a run may take whatever is broken. */
export const runLimit = 120_000;

/** `pulumi up` as a process whose parts a test can kill. */
export class Run {
  private readonly began = Date.now();

  private constructor(private readonly child: ReturnType<typeof startUp>) {}

  static up(project: Project): Run {
    return new Run(startUp(project));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get running(): boolean {
    return isRunning(this.pid);
  }

  /** The process of a program that it started, at any depth; undefined where there is none. */
  find(name: string): number | undefined {
    return startedBy(this.pid, ([command = ""]) => command.endsWith(name))[0];
  }

  /** @throws Error with the output, where it does not end by itself */
  async ended(): Promise<Ended> {
    const { exitCode, all, timedOut } = await this.child;
    const seconds = (Date.now() - this.began) / 1000;
    if (timedOut) throw new Error(`pulumi up did not end within ${runLimit / 1000} s:\n${all}`);
    return { exitCode, output: String(all), seconds };
  }
}

/** The processes that one started, at any depth, and that still run. @param matches of a command line */
export function startedBy(root: number, matches: (command: readonly string[]) => boolean): number[] {
  const parents = new Map<number, number>();
  for (const file of globSync("/proc/[0-9]*/stat")) {
    const stat = readOr(file);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    parents.set(Number(file.split("/")[2]), Number(fields[1]));
  }
  const descends = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === root || descends(parents.get(pid)));
  return [...parents.keys()].filter(
    (pid) => descends(pid) && matches(readOr(`/proc/${pid}/cmdline`).split("\0")) && isRunning(pid),
  );
}

function startUp({ folder, env }: Project) {
  return execa("pulumi", ["up", "--yes", "--skip-preview", "--color", "never"], {
    cwd: folder,
    env,
    all: true,
    reject: false,
    stdin: "ignore",
    timeout: runLimit,
  });
}

/** For each layer's repository, its tags that are build ids, each with the digest of a whole image: every blob is read. */
export async function builtTags(project: Project, layers: readonly string[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const layer of layers) {
    const repository = `${project.registry}/${project.organisation}/${layer}`;
    const regctl = (...args: string[]) =>
      project.run("regctl", ...args).catch((error: { stderr?: string }) => {
        if (error.stderr?.includes("not found") || error.stderr?.includes("404")) return "";
        throw error;
      });
    const tags = await regctl("tag", "ls", repository);
    found[layer] = [];
    for (const tag of tags.split("\n").filter((name) => name.startsWith("b-"))) {
      // A registry that is killed while it makes a tag lists it, and says that it names nothing.
      const digest = await regctl("image", "digest", `${repository}:${tag}`);
      if (digest === "") continue;
      const archive = join(project.folder, "image.tar");
      await project.run("regctl", "image", "export", `${repository}@${digest}`, archive);
      rmSync(archive);
      found[layer].push(digest);
    }
  }
  return found;
}

/** No tag is on another image than its layer's, whatever is missing yet. */
export function assertRight(
  tags: Readonly<Record<string, readonly string[]>>,
  digests: Readonly<Record<string, string>>,
): void {
  for (const [layer, found] of Object.entries(tags)) {
    for (const digest of found) assert.equal(digest, digests[layer], layer);
  }
}

/** So that everything is built and pushed. What builds that were aborted hold stays. */
export async function emptyCache(): Promise<void> {
  await execa("buildctl", ["--addr", buildkitAddress(home), "prune", "--all"], { timeout: 60_000 });
}

/** Numbers from 0 to 1 that a seed gives: mulberry32. */
export function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
