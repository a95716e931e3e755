import type { Command } from "commander";
import { bakeFile } from "../../components/catalog/bake";
import { homeAt, root } from "../home";
import { installTools } from "../toolchain/install";
import { planTools, serviceTools } from "../toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "../verb";
import { adviceOnBuild, buildLog, ownLinesIn } from "./build-logs";
import { catalogOf, labelsIn } from "./config-files";
import { environmentOf, shellLines } from "./environment";
import { maskOf } from "./mask";
import { askPulumi } from "./pulumi";
import { recoverStack, recoveryLines } from "./recover";

/** `strata env`, `bake`, `logs` and `recover`: what is done with a stack besides planning it. */
export function addStackVerbs(program: Command): void {
  const home = homeAt();
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
      const builder = (await askPulumi(asked, { env, folder: root })).trim();
      const log = await buildLog(layer, builder, env);
      if (log === undefined)
        throw new Error(
          `the builder ${builder} keeps no log of a build of "${layer}" that this clone has planned or built; pulumi up makes one`,
        );
      const mask = await maskOf(options.stack, env, root);
      const told = mask(ownLinesIn(log, layer, options.stack).trimEnd());
      const advice = adviceOnBuild(log);
      print(options, { layer, log: told, advice }, [told, ...advice].join("\n\n"));
    });

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
}
