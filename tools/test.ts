import { globSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { claim } from "./claim";
import { root } from "./home";
import { runPhases } from "./phases";
import { runMocha } from "./run-mocha";
import { installRunc, installTools } from "./toolchain/install";
import { planTools, serviceTools } from "./toolchain/tools";

const suites: Readonly<Record<string, string>> = {
  unit: "test/{components,tools,images,bench}/**/*.test.ts",
  exact: "test/{exact/*,integration/random-edits}.test.ts",
  integration: "test/integration/**/*.test.ts",
  faults: "test/faults/*.test.ts",
  images: "test/built/*.test.ts",
};

/**
 * What `npm test` does: lint, type check and the tests that need nothing; then the tools and the tests on the real engine.
 *
 * usage: npm test [-- unit | integration | exact | faults | images] [--grep TEXT]
 *
 * `exact` plays ten thousand random edits of random families, in the place of a few hundred, and sixty on the real engine; `faults`
 * kills at 30 random moments and breaks the registry in every way, in the place of 6 and of two; `images` installs every extension
 * in this project's own images, and builds them twice, in the place of a few and of once.
 */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { grep: { type: "string" } },
    allowPositionals: true,
  });
  const [suite] = positionals;
  if (positionals.length > 1 || (suite !== undefined && !(suite in suites))) {
    throw new Error("usage: npm test [-- unit | integration | exact | faults | images] [--grep TEXT]");
  }
  const files = (suite ? [suite] : Object.keys(suites)).flatMap((name) =>
    globSync(suites[name] as string, { cwd: root }).sort(),
  );
  if (suite !== "unit") requireOnly();
  if (suite === "exact") {
    process.env.STRATA_EXACT_EDITS ??= "10000";
    process.env.STRATA_EXACT_BUILDS ??= "200";
    process.env.STRATA_REAL_EDITS ??= "60";
  }
  if (suite === "faults") {
    process.env.STRATA_FAULT_MOMENTS ??= "30";
    process.env.STRATA_FAULT_KINDS ??= "100";
  }
  if (suite === "images") process.env.STRATA_IMAGES_ALL ??= "1";

  const bin = (name: string) => join(root, "node_modules/.bin", name);
  await runPhases([
    {
      title: "Lint and format (biome)",
      run: () => checked(bin("biome"), ["ci", "--colors=off", "--error-on-warnings", "."]),
    },
    { title: "Types (tsc)", run: () => checked(bin("tsc"), ["--noEmit", "--noCheck", "false"]) },
    ...(suite === "unit"
      ? []
      : [
          {
            title: "Tools",
            run: async (report: (text: string) => void) => {
              const installed = await installTools([...planTools, ...serviceTools], report);
              await installRunc(report);
              return installed.join(", ") || "there already";
            },
          },
        ]),
  ]);
  // One file is of two suites.
  return runMocha(
    [...new Set(files)].map((file) => join(root, file)),
    values.grep,
  );
}

/** @throws Error where tests on the services in .strata/test run already: both would stop and empty them */
function requireOnly(): void {
  const holder = claim(join(root, ".strata/test.claim"));
  if (holder === undefined) return;
  throw new Error(
    `tests run already in this clone, as process ${holder}; wait for them or stop them with: kill -INT ${holder}. npm test -- unit runs beside them`,
  );
}

async function checked(command: string, args: string[]): Promise<undefined> {
  const result = await execa(command, args, { cwd: root, all: true, reject: false, timeout: 5 * 60_000 });
  if (result.failed) throw new Error(result.all);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  },
);
