import { type Command, Option } from "commander";
import { homeAt, root } from "../home";
import { environmentOf } from "../stack/environment";
import { isInstalled } from "../toolchain/installed";
import { planTools, serviceTools } from "../toolchain/tools";
import { jsonOption, stackOption, toStderr } from "../verb";
import { preview } from "./preview";

/** As commander gives them. */
export interface PlanOptions {
  readonly stack: string;
  readonly json?: true;
  readonly markdown?: true;
  readonly exitCode?: true;
  readonly diff?: true;
  readonly images?: string;
  readonly since?: string;
  readonly prefix?: string;
}

/** `strata plan`: of a stack by a preview of Pulumi's, and with `--images` of a folder by its Dockerfiles alone. */
export function addPlan(program: Command): void {
  program
    .command("plan")
    .description(
      "what pulumi up would build, why, and how long it takes; or what a change in git means for any repository's images",
    )
    .option(...stackOption)
    .option(...jsonOption)
    .addOption(new Option("--markdown", "print a comment for a pull request").conflicts("json"))
    .option("--exit-code", "exit with 2 where something changes")
    .addOption(
      new Option("--diff", "print what pulumi preview --diff does, which names every input").conflicts([
        "json",
        "markdown",
        "exitCode",
      ]),
    )
    .option("--images <folder>", "plan the images of this folder by their Dockerfiles alone, without a stack")
    .option("--since <commit>", "with --images: compare with this commit (HEAD)")
    .option("--prefix <registry/path>", "with --images: images of this registry and path are the folder's own")
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const { stack, diff, images, since, prefix } = options;
  if (images === undefined && (since !== undefined || prefix !== undefined)) {
    throw new Error("--since and --prefix need --images, the folder whose images are compared");
  }
  if (images !== undefined) {
    return (require("./folder") as typeof import("./folder")).planFolder(images, options);
  }
  // Registries are asked about tags and copies that change.
  const tools = [...planTools, ...serviceTools.filter(({ name }) => name === "regctl")];
  if (!tools.every(isInstalled)) {
    const { installTools } = require("../toolchain/install") as typeof import("../toolchain/install");
    await installTools(tools, toStderr);
  }
  const env = environmentOf(homeAt(), stack);
  if (diff) return (require("./diff") as typeof import("./diff")).showDiff(stack, env);
  // Begun before all that reads and shows a plan is loaded.
  const running = preview(stack, env, root);
  return (require("./show") as typeof import("./show")).showStack(options, env, running);
}
