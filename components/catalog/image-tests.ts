import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Catalog } from "./catalog";
import type { ContextFile } from "./files";
import { countOf, type TestFile, testFileSchema } from "./image-test-file";
import { InputError } from "./input-error";
import { readYaml } from "./read-yaml";
import { sha256 } from "./sha256";

/** What `images/<name>/tests` holds. */
export interface OwnTests {
  /** All its files, sorted by path: those that a test uses count as well. */
  readonly files: readonly ContextFile[];
  /** By file name; each runs in a container of its own. */
  readonly runs: readonly TestRun[];
}

export interface TestRun {
  /** @example "ssh.yaml" */
  readonly file: string;
  /** Undefined for a script, which is a test by itself. */
  readonly tests: TestFile | undefined;
}

/** The tests of one layer that an image must pass: its own, or those of a layer that it stands on. */
export interface LayerTests extends OwnTests {
  readonly layer: string;
  /** @example "images/base/tests" */
  readonly folder: string;
}

/** Which tests an update runs. */
export type TestChoice = "none" | "quick" | "all";

/** The folder's name, beside the Dockerfile. */
export const testsFolder = "tests";

/**
 * Reads the tests of one layer. What git or .dockerignore ignores counts here: only what lies in the folder does.
 *
 * @param folder `images/<name>/tests`; one that is missing has no tests
 * @throws InputError for a file that could never run or that says what there is not, naming file, line and key
 */
export function readOwnTests(folder: string): OwnTests {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return { files: [], runs: [] };
  const files = filesIn(folder, "");
  const runs = files.flatMap(({ path, mode }): TestRun[] => {
    // What lies deeper is for the tests to use.
    if (path.includes("/")) return [];
    const file = join(folder, path);
    if (path.endsWith(".yml")) throw new InputError(file, "would not run; rename it to .yaml");
    if (path.endsWith(".sh")) {
      if (mode !== "755") throw new InputError(file, `cannot be executed; chmod +x ${file}`);
      return [{ file: path, tests: undefined }];
    }
    if (!path.endsWith(".yaml")) return [];
    const tests = readYaml(file, readFileSync(file, "utf8"), testFileSchema);
    if (countOf(tests) > 0) return [{ file: path, tests }];
    throw new InputError(file, "has no test; give it files, users, commands or ports, or remove it");
  });
  return { files, runs };
}

function filesIn(folder: string, within: string): ContextFile[] {
  return readdirSync(join(folder, within), { withFileTypes: true })
    .flatMap((entry): ContextFile[] => {
      const path = within === "" ? entry.name : `${within}/${entry.name}`;
      const file = join(folder, path);
      if (entry.isDirectory()) return filesIn(folder, path);
      if (!entry.isFile()) throw new InputError(file, "is no file; put a file of its own here");
      const stat = statSync(file) as Stats;
      return [{ path, mode: stat.mode & 0o100 ? "755" : "644", hash: sha256(readFileSync(file)) }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * What the image of each layer must pass, by name: the tests of every layer whose filesystem it stands on, the lowest first, and
 * its own. Of a layer that it only copies from it has a part, so that the tests of that one say nothing about it. A layer
 * without tests is left out.
 *
 * @param choice `quick` leaves out those that are marked slow; of `none` only mistakes are told
 * @throws InputError with all that is wrong
 */
export function readTests(catalog: Catalog, choice: TestChoice): Map<string, readonly LayerTests[]> {
  const tests = new Map<string, readonly LayerTests[]>();
  const problems: InputError[] = [];
  for (const { name, dockerfilePath, base } of catalog) {
    const folder = join(dirname(dockerfilePath), testsFolder);
    const inherited = (base === undefined ? undefined : tests.get(base)) ?? [];
    const { files, runs } = attempt(() => readOwnTests(folder), problems) ?? { files: [], runs: [] };
    const wanted = runs.filter(({ tests }) => choice === "all" || (choice === "quick" && !tests?.slow));
    const all = wanted.length === 0 ? inherited : [...inherited, { layer: name, folder, files, runs: wanted }];
    if (all.length > 0) tests.set(name, all);
  }
  if (problems.length > 0) throw InputError.of(problems);
  return tests;
}

/** The layers that have tests of which none is run. @param run those that are, as `readTests` gives them */
export function untestedBy(run: ReadonlyMap<string, readonly LayerTests[]>, catalog: Catalog): ReadonlySet<string> {
  return new Set([...readTests(catalog, "all").keys()].filter((name) => !run.has(name)));
}

function attempt<T>(action: () => T, problems: InputError[]): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(error);
    return undefined;
  }
}

/** How many tests there are: a script is one. */
export function countOfAll(tests: readonly LayerTests[]): number {
  return tests.flatMap(({ runs }) => runs).reduce((sum, run) => sum + (run.tests ? countOf(run.tests) : 1), 0);
}
