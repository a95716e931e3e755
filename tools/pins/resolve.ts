import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { PackageLock } from "../../components/catalog/pins/locks";
import type { Packages, Wanted } from "../../components/catalog/pins/packages";
import { type Resolution, readResolution, sameOnAll } from "../../components/catalog/pins/resolution";
import { root } from "../home";
import { ownFolder } from "../own-folder";
import { failedStep } from "../stack/build-logs";
import type { Environment } from "../stack/environment";

/** In milliseconds. apt alone may try a slow archive three times. */
const timeLimit = 5 * 60_000;

export interface Question {
  readonly lock: PackageLock;
  readonly wanted: readonly Wanted[];
  /** What is pinned now. */
  readonly locked: Packages;
  /** The image beneath: `repository@sha256:…`. */
  readonly ref: string;
  readonly platforms: readonly string[];
  /** The buildx builder. */
  readonly builder: string;
  readonly env: Environment;
}

/**
 * Asks the package manager of the image beneath what an install would add to it, in a build that makes no image: archives,
 * proxies and certificates are then those that the layer's own build uses.
 *
 * @throws Error where the archive does not answer, where the image has no package manager, and where platforms differ; its
 *   message begins with the place, a line of packages.txt for a name that the archive does not know
 */
export async function resolvePackages(question: Question): Promise<Resolution> {
  const { lock, wanted, locked, platforms } = question;
  const folder = ownFolder(join(root, ".strata/pins"));
  try {
    const file = (name: string) => join(folder, name);
    writeFileSync(file("wanted"), wanted.map(({ name }) => `${name}\n`).join(""));
    writeFileSync(file("locked"), [...locked.keys()].map((name) => `${name}\n`).join(""));
    const answers = file("answers");
    await build(question, folder, answers);
    const folders = platforms.map((platform): [string, string] => [
      platform,
      // BuildKit makes a folder for each where there is more than one.
      platforms.length === 1 ? answers : join(answers, platform.replaceAll("/", "_")),
    ]);
    const resolutions = folders.map(([platform, answer]) => [platform, readAnswer(answer, question)] as const);
    return atPlace(lock.file, () => sameOnAll(new Map(resolutions)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function build({ lock, ref, platforms, builder, env }: Question, ask: string, answers: string): Promise<void> {
  const result = await execa(
    "buildx",
    [
      ...["build", "--builder", builder, "--progress", "plain", "--platform", platforms.join(",")],
      // What an archive has today is no matter of yesterday's cache.
      ...["--no-cache", "--provenance", "false", "--output", `type=local,dest=${answers}`],
      ...["--build-context", `base=docker-image://${ref}`, "--build-context", `ask=${ask}`],
      join(__dirname, "resolve"),
    ],
    { env, all: true, reject: false, timeout: timeLimit },
  );
  if (!result.failed) return;
  // The part of our own Dockerfile that BuildKit shows is nothing to look into.
  const said = failedStep(result.all).replace(/^Dockerfile:\d+\n-+\n[\s\S]*?\n-+\n/m, "");
  const why = result.timedOut ? `no answer in ${timeLimit / 60_000} minutes` : said;
  throw new Error(`${lock.file}: could not be resolved on ${lock.base} (${ref}):\n${why}`);
}

function readAnswer(folder: string, { lock, wanted }: Question): Resolution {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  if (Number(read("status")) === 0) {
    return readResolution(read("manager").trim() as "apt" | "apk", read("simulated"), read("available"));
  }
  const errors = read("errors").trim();
  const words = new Set(errors.split(/[^\w+.:=-]+/));
  const culprit = wanted.find(({ name }) => words.has(name) || words.has(name.split("=")[0] as string));
  const place = culprit ? `${lock.wantedFile}:${culprit.line}` : lock.wantedFile;
  throw new Error(`${place}: cannot be installed on ${lock.base}: ${errors.replaceAll("\n", "; ")}`);
}

function atPlace<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`);
  }
}
