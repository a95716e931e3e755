import type { Command } from "commander";
import { homeAt, root } from "../home";
import { builtLayers } from "../stack/built-layers";
import { catalogSourceOf, configOf } from "../stack/config-files";
import { environmentOf } from "../stack/environment";
import { installTools } from "../toolchain/install";
import { planTools, serviceTools } from "../toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "../verb";
import { catalogBesidesLocks, surveyPins, writeChanges } from "./pins";
import { pinsJson, pinsText } from "./print";

/** `strata pins`: what has moved of what a family takes from others. */
export function addPins(program: Command): void {
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
      const env = environmentOf(homeAt(), options.stack);
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
}

interface PinsOptions {
  readonly stack: string;
  readonly json?: true;
  readonly write?: true;
  readonly exitCode?: true;
}
