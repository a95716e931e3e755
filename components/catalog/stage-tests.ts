import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesText } from "./files";
import type { LayerTests } from "./image-tests";
import { sha256 } from "./sha256";
import { type Staged, stageVersion } from "./stage";
import { programOf } from "./test-runner";

/** With the layer's name in it, which BuildKit then tells of a run that fails. */
function mountOf(layer: string): string {
  return `/.strata/${layer}`;
}

/** The name under which the Dockerfile of a test run has the image. */
export const testedImage = "image";

/** Where the contexts of test runs lie in the staging folder; no layer can have the name. */
export const testsStaging = ".tests";

/**
 * Lays out what tests one image: for each layer whose tests it must pass a folder with them, and beside it a program for each file.
 *
 * @param layer whose image is tested
 * @param staging a path relative to the project: `.strata/contexts`
 */
export function stageTests(layer: string, tests: readonly LayerTests[], staging: string): Staged {
  const programs = tests.flatMap(({ layer, folder, runs }) =>
    runs.map((run) => ({ path: `${layer}/run/${run.file}`, text: programOf(run, folder, `${mountOf(layer)}/tests`) })),
  );
  const dockerfile = testDockerfile(tests);
  const contents = sha256(JSON.stringify([dockerfile, programs, testsText(tests)])).slice(0, 16);
  const folder = stageVersion(staging, `${testsStaging}/${layer}`, contents, (unfinished) => {
    // As with a layer's own context, BuildKit tells contexts apart by the last part of their paths.
    const context = join(unfinished, contents);
    const at = (path: string) => {
      makeFolder(dirname(join(context, path)), unfinished);
      return join(context, path);
    };
    for (const { path, text } of programs) write(at(path), text);
    for (const { layer, folder, files } of tests) {
      for (const { path, mode } of files) {
        const target = at(`${layer}/tests/${path}`);
        copyFileSync(join(folder, path), target);
        chmodSync(target, Number.parseInt(mode, 8));
      }
    }
    write(join(unfinished, "Dockerfile"), dockerfile);
  });
  return { context: `${folder}/${contents}`, dockerfile: `${folder}/Dockerfile` };
}

/** What tells tests apart: their files, and which of them are run. @returns undefined for none */
export function testsIdOf(tests: readonly LayerTests[] | undefined): string | undefined {
  if (tests === undefined) return undefined;
  const runs = tests.map(({ layer, runs }) => [layer, runs.map(({ file }) => file)]);
  return sha256(JSON.stringify([runs, testsText(tests)])).slice(0, 16);
}

/** The tests as one text, a line `hash mode path` for each file: what Pulumi keeps, compares, and shows as a diff. */
export function testsText(tests: readonly LayerTests[]): string {
  const files = tests.flatMap(({ layer, files }) => files.map((file) => ({ ...file, path: `${layer}/${file.path}` })));
  return filesText(files);
}

/**
 * A stage for each file of tests: they run beside each other and see nothing of each other. The last stage takes an empty folder
 * of each, which is what makes BuildKit run them; WORKDIR makes one whoever the user is.
 */
export function testDockerfile(tests: readonly LayerTests[]): string {
  const runs = tests.flatMap(({ layer, runs }) => runs.map((run) => ({ layer, ...run })));
  const stages = runs.flatMap(({ layer, file, tests }, index) => [
    `FROM ${testedImage} AS t${index}`,
    ...(tests?.as === undefined ? [] : [`USER ${tests.as}`]),
    // The JSON form, since an image may have a SHELL of its own.
    `RUN --network=${tests?.network ? "default" : "none"} --mount=type=bind,source=${layer},target=${mountOf(layer)} ${JSON.stringify(["/bin/sh", `${mountOf(layer)}/run/${file}`])}`,
    "WORKDIR /.strata-passed",
  ]);
  const passed = runs.map((_, index) => `COPY --from=t${index} /.strata-passed /t${index}`);
  return [...stages, "FROM scratch", ...passed, ""].join("\n");
}

function makeFolder(folder: string, root: string): void {
  if (folder === root) return;
  makeFolder(dirname(folder), root);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function write(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o644);
}
