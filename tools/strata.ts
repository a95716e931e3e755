import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { root } from "./home";

/** Where each verb is: each is loaded when it is asked for, since all together take longer to load than most take to run. */
const verbs: Readonly<Record<string, () => (program: Command) => void>> = {
  services: () => (require("./services/verb") as typeof import("./services/verb")).addServices,
  env: stackVerbs,
  plan: () => (require("./plan/verb") as typeof import("./plan/verb")).addPlan,
  up: () => (require("./stack/up-verb") as typeof import("./stack/up-verb")).addUp,
  graph: () => (require("./graph/verb") as typeof import("./graph/verb")).addGraph,
  why: () => (require("./why/verb") as typeof import("./why/verb")).addWhy,
  bake: stackVerbs,
  logs: stackVerbs,
  recover: stackVerbs,
  release: releaseVerbs,
  rollback: releaseVerbs,
  pins: () => (require("./pins/verb") as typeof import("./pins/verb")).addPins,
};

function stackVerbs() {
  return (require("./stack/verb") as typeof import("./stack/verb")).addStackVerbs;
}

function releaseVerbs() {
  return (require("./release/verb") as typeof import("./release/verb")).addRelease;
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const program = new Command("strata")
  .description("Families of layered container images")
  .version(version)
  .showHelpAfterError();
const asked = verbs[process.argv[2] ?? ""];
for (const load of new Set(asked ? [asked] : Object.values(verbs))) load()(program);

// A reader that has seen enough, such as head, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

program.parseAsync().catch((error: Error & { exitCode?: number }) => {
  process.stderr.write(`strata: ${error.message}\n`);
  // 2: nothing was done, and nothing is wrong with the request. Somebody who ends a verb is told by the signal's own code.
  const own = error.name === "RecoveryRefused" ? 2 : error.name === "Interrupted" ? error.exitCode : undefined;
  process.exitCode = own ?? 1;
});
