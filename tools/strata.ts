import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { execa } from "execa";
import { bakeFile } from "../components/catalog/bake";
import { homeAt, root } from "./home";
import { catalogBesidesLocks, surveyPins, writeChanges } from "./pins/pins";
import { pinsJson, pinsText } from "./pins/print";
import { planText } from "./plan/print";
import { planSince } from "./plan/since";
import { resetServices, startServices, statusOfServices, stopServices } from "./services/services";
import { adviceOnBuild, buildLog } from "./stack/build-logs";
import { builtLayers } from "./stack/built-layers";
import { catalogOf, catalogSourceOf, configOf, labelsIn, ownLinesIn } from "./stack/config-files";
import { environmentOf, shellLines } from "./stack/environment";
import { RecoveryRefused, recoverStack, recoveryLines } from "./stack/recover";
import { table } from "./terminal";
import { installRunc, installTools } from "./toolchain/install";
import { planTools, serviceTools } from "./toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "./verb";
import { addWhy } from "./why/verb";

const home = homeAt();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const program = new Command("strata")
  .description("Families of layered container images")
  .version(version)
  .showHelpAfterError();

const services = program.command("services").description("the BuildKit and the registry of this machine");

services
  .command("start")
  .description("start what does not run")
  .option("--registry-port <port>", "kept for the next time (first 5443)", toPort)
  .option(...jsonOption)
  .action(async (options: { registryPort?: number; json?: true }) => {
    await installTools(serviceTools, toStderr);
    await installRunc(toStderr);
    const registry = await startServices(home, options.registryPort);
    print(options, { registry }, `The registry is ${registry}; logs are in ${home.logs}`);
  });

services
  .command("stop")
  .description("end both; images and caches stay")
  .option(...jsonOption)
  .action(async (options: { json?: true }) => {
    const stopped = await stopServices(home);
    print(options, { stopped }, stopped.length > 0 ? `Stopped ${stopped.join(" and ")}` : "Nothing was running");
  });

services
  .command("status")
  .description("what runs; exits with 1 where something does not")
  .option(...jsonOption)
  .action(async (options: { json?: true }) => {
    const status = await statusOfServices(home);
    const rows = status.map(({ name, running, healthy, pid, log }) => [
      name,
      healthy ? "healthy" : running ? "does not answer" : "stopped",
      String(pid ?? "–"),
      log,
    ]);
    print(options, { services: status }, table(["service", "state", "pid", "log"], rows));
    process.exitCode = status.every((service) => service.healthy) ? 0 : 1;
  });

services
  .command("reset")
  .description("throw images, caches and stand-ins away; Pulumi's state stays")
  .option(...jsonOption)
  .action(async (options: { json?: true }) => {
    await resetServices(home);
    print(options, { reset: true }, "Images and caches are gone; npm start makes them again");
  });

program
  .command("env")
  .description('the variables that pulumi needs: eval "$(strata env)"')
  .option(...stackOption)
  .option(...jsonOption)
  .action((options: { stack: string; json?: true }) => {
    const variables = environmentOf(home, options.stack);
    print(options, variables, shellLines(variables).trimEnd());
  });

program
  .command("plan")
  .description("what pulumi up would build, and why; or what a change in git means for the images of any repository")
  .option(...stackOption)
  .option(...jsonOption)
  .option("--diff", "name the files that changed")
  .option("--images <folder>", "plan the images of this folder by their Dockerfiles alone, without a stack")
  .option("--since <commit>", "with --images: compare with this commit (HEAD)")
  .option("--prefix <registry/path>", "with --images: images of this registry and path are the folder's own")
  .action(async (options: PlanOptions) => {
    if (options.images !== undefined) return printPlanSince(options.images, options);
    if (options.since !== undefined || options.prefix !== undefined) {
      throw new Error("--since and --prefix need --images, the folder whose images are compared");
    }
    await installTools(planTools, toStderr);
    const flags = [...(options.json ? ["--json"] : []), ...(options.diff ? ["--diff"] : [])];
    const result = await execa("pulumi", ["preview", "--stack", options.stack, ...flags], {
      cwd: root,
      env: environmentOf(home, options.stack),
      stdio: "inherit",
      reject: false,
    });
    process.exitCode = result.exitCode ?? 1;
  });

program
  .command("bake")
  .description("the family as a docker-bake file: strata bake | buildx bake --builder strata-local -f - app")
  .option(...stackOption)
  .action((options: { stack: string }) => {
    const folder = process.cwd();
    process.chdir(root);
    print({ json: true }, bakeFile(catalogOf(options.stack), folder, labelsIn(options.stack)), "");
  });

program
  .command("logs <layer>")
  .description("what the builder printed in the last build of a layer")
  .option(...stackOption)
  .option(...jsonOption)
  .action(async (layer: string, options: { stack: string; json?: true }) => {
    await installTools([...planTools, ...serviceTools], toStderr);
    const env = environmentOf(home, options.stack);
    const asked = ["config", "get", "strata:builder", "--stack", options.stack];
    const { stdout: builder } = await execa("pulumi", asked, { cwd: root, env, timeout: 60_000 });
    const log = await buildLog(layer, builder.trim(), env);
    if (log === undefined) throw new Error(`the builder ${builder.trim()} has no record of a build of "${layer}"`);
    const told = ownLinesIn(log, layer, options.stack).trimEnd();
    const advice = adviceOnBuild(log);
    print(options, { layer, log: told, advice }, [told, ...advice].join("\n\n"));
  });

addWhy(program);

program
  .command("recover")
  .description("after a run that was killed: end what it left, take its lock away, clear its pending operations")
  .option("--yes", "also where it cannot be seen from here whether a run is under way")
  .option(...stackOption)
  .option(...jsonOption)
  .action(async (options: { stack: string; yes?: true; json?: true }) => {
    await installTools(planTools, toStderr);
    const env = environmentOf(home, options.stack);
    const recovery = await recoverStack({ ...options, folder: root, env, yes: options.yes === true });
    print(options, { version: 1, ...recovery }, recoveryLines(recovery).join("\n") || "Nothing to recover");
  });

program
  .command("pins")
  .description("what has moved of the upstreams and packages that are pinned, and which layers it would build")
  .option("--write", "write it into upstreams.yaml and the locks")
  .option("--exit-code", "exit with 2 where something has moved")
  .option(...stackOption)
  .option(...jsonOption)
  .action(async (options: PinsOptions) => {
    await installTools([...planTools, ...serviceTools], toStderr);
    process.chdir(root);
    const source = catalogSourceOf(options.stack);
    const env = environmentOf(home, options.stack);
    const survey = await surveyPins({
      catalog: catalogBesidesLocks(source),
      pinsFile: source.pinsFile,
      builder: String(configOf(options.stack, "builder")),
      env,
      built: () => builtLayers(options.stack, env),
      report: toStderr,
    });
    toStderr("");
    if (options.write) writeChanges(survey.changes);
    for (const warning of survey.warnings) process.stderr.write(`warning: ${warning}\n`);
    const written = options.write === true;
    print(options, pinsJson(survey, written), pinsText(survey, written));
    for (const problem of survey.problems) process.stderr.write(`strata: ${problem}\n`);
    process.exitCode = survey.problems.length > 0 ? 1 : options.exitCode && survey.changes.length > 0 ? 2 : 0;
  });

interface PinsOptions {
  readonly stack: string;
  readonly json?: true;
  readonly write?: true;
  readonly exitCode?: true;
}

interface PlanOptions {
  readonly stack: string;
  readonly json?: true;
  readonly diff?: true;
  readonly images?: string;
  readonly since?: string;
  readonly prefix?: string;
}

async function printPlanSince(images: string, { since = "HEAD", prefix, ...options }: PlanOptions): Promise<void> {
  const plan = await planSince(images, since, prefix === undefined ? {} : { prefix });
  for (const warning of plan.warnings) process.stderr.write(`warning: ${warning}\n`);
  print(options, { version: 1, ...plan }, planText(plan.layers));
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new InvalidArgumentError("expected a number from 1 to 65535");
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`strata: ${error.message}\n`);
  // 2: nothing was done, and nothing is wrong with the request.
  process.exitCode = error instanceof RecoveryRefused ? 2 : 1;
});
