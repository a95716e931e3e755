import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { adviceOnPins } from "../../components/catalog/pins/dropped";
import { testsStaging } from "../../components/catalog/stage-tests";
import { root } from "../home";
import { adviceOn } from "./advice";
import { catalogOf } from "./config-files";
import type { Environment } from "./environment";

interface BuildRecord {
  readonly ref: string;
  /** For a context that is a folder, its path. */
  readonly name: string;
  readonly status: string;
  readonly created_at: string;
}

/**
 * What the builder printed in the last build of a layer, or after that in tests of its image that failed, from the records that
 * BuildKit itself keeps: the docker-build provider passes on only part of it, and of a step that fails often just the exit code.
 *
 * Of a shared builder's records just those count whose context this project has staged, by a plan or an update: the name of a record
 * tells of a repository's path in itself, which another project's may have too, but ends with the hash of all that was built from.
 *
 * @param folder the project's. @default this project
 * @returns undefined where the builder has no record of the layer
 * @throws Error where the builder cannot be asked
 */
export async function buildLog(
  layer: string,
  builder: string,
  env: Environment,
  folder = root,
): Promise<string | undefined> {
  const listed = await buildx(["history", "ls", "--builder", builder, "--format", "json"], env);
  const records = listed.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as BuildRecord)
    .filter((record) => isOf(layer, record, folder))
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  const [last] = records;
  if (!last) return undefined;
  const ref = last.ref.split("/").at(-1) as string;
  const log = await buildx(["history", "logs", "--builder", builder, ref, "--progress", "plain"], env);
  return log.all;
}

/**
 * Of a build's log what the step that failed printed, and what to do about it where that is known; the end of the log where no
 * step did.
 */
export function failedStep(log: string): string {
  const lines = log.trimEnd().split("\n");
  const start = lines.indexOf("------");
  const step = start === -1 ? lines.slice(-20) : lines.slice(start + 1).filter((line) => !isNoise(line));
  const advice = adviceOnPins(log);
  return [...step, ...(advice ? [advice] : [])].join("\n");
}

/** What to do about a build that failed, where that is known: a line for each cause. @param log the whole of it */
export function adviceOnBuild(log: string): string[] {
  const pins = adviceOnPins(log);
  return [...(pins ? [pins] : []), ...adviceOn(errorsIn(log))];
}

/** The same of an update. @param diagnostics Pulumi's; of an image the whole log may be in them */
export function adviceOnUpdate(diagnostics: string): string[] {
  return adviceOn(diagnostics.includes("docker-build:index:Image (") ? errorsIn(diagnostics) : diagnostics);
}

/** What the builder says of a failure: what a step prints, or its command has in it, may be about anything. */
function errorsIn(log: string): string {
  return log
    .split("\n")
    .filter((line) => /^ *(?:#\d+ ERROR|error): /.test(line) && !line.includes(": importing cache manifest"))
    .map((line) => line.replace(/process ".*" did not complete/, "process did not complete"))
    .join("\n");
}

/** A cache that is not there yet is no failure, but BuildKit tells of it as of one. */
function isNoise(line: string): boolean {
  return line === "------" || line.startsWith(" > importing cache manifest from ");
}

/**
 * Puts the user's own line numbers into what BuildKit prints of a Dockerfile, which it got in the normal form.
 *
 * @param file the user's Dockerfile
 * @param lines for each line of the normal form the line of the user's file
 */
export function withOwnLines(log: string, file: string, lines: readonly number[]): string {
  const own = (line: string) => String(lines[Number(line) - 1] ?? line);
  return log
    .replace(/^Dockerfile:(\d+)$/gm, (_, line) => `${file}:${own(line)}`)
    .replace(/^( *)(\d+)( \| )/gm, (_, space, line, bar) => `${own(line).padStart(space.length + line.length)}${bar}`);
}

/** A layer's log with the line numbers of the user's own Dockerfile, as far as the family can be read. */
export function ownLinesIn(log: string, layer: string, stack: string): string {
  try {
    const found = catalogOf(stack).find(({ name }) => name === layer);
    return found ? withOwnLines(log, found.dockerfilePath, found.dockerfileLines) : log;
  } catch {
    return log;
  }
}

/** A build of a layer, or a failed run of its image's tests: of those that passed there is nothing to say. */
function isOf(layer: string, { name, status }: BuildRecord, folder: string): boolean {
  const staged = (staging: string) => {
    const contents = name.split(`/${staging}/`).slice(1).at(-1)?.split("/")[0];
    return contents !== undefined && existsSync(join(folder, ".strata", staging, contents));
  };
  // Of a build of one stage, as of those that are fetched ahead, the name ends with the stage's in parentheses.
  if (staged(`contexts/${layer}`)) return !name.endsWith(")");
  return status !== "Completed" && staged(`contexts/${testsStaging}/${layer}`);
}

function buildx(args: string[], env: Environment) {
  return execa("buildx", args, { env, all: true, timeout: 30_000, killDescendants: true });
}
