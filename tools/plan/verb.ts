import { type Command, Option } from "commander";
import { execa } from "execa";
import type { Action } from "../../components/catalog/diff";
import { homeAt, root } from "../home";
import { type Environment, environmentOf } from "../stack/environment";
import { installTools } from "../toolchain/install";
import { planTools } from "../toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "../verb";
import { planMarkdown } from "./markdown";
import { Interrupted } from "./preview";
import { planText, summary } from "./print";
import { planSince } from "./since";
import { changesAnything, planStack, type StackPlan } from "./stack";
import { orderLines, otherLines, stackPlanJson, stackPlanText, stackSummary } from "./stack-print";

interface PlanOptions {
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
  if (options.images !== undefined) return planFolder(options.images, options);
  if (options.since !== undefined || options.prefix !== undefined) {
    throw new Error("--since and --prefix need --images, the folder whose images are compared");
  }
  await installTools(planTools, toStderr);
  const env = environmentOf(homeAt(), options.stack);
  if (options.diff) return showDiff(options.stack, env);
  const planned = await planStack(options.stack, env).catch((error: Error) => {
    if (!(error instanceof Interrupted)) throw error;
    process.stderr.write(`strata: ${error.message}\n`);
    process.exitCode = error.exitCode;
  });
  if (planned) show(planned, options);
}

function show(plan: StackPlan, options: PlanOptions): void {
  if (options.markdown) {
    const lines = [...orderLines(plan), ...otherLines(plan)];
    const comment = { ...plan, subject: plan.stack, summary: stackSummary(plan), layers: changed(plan.layers), lines };
    print({}, undefined, planMarkdown(comment));
  } else {
    for (const warning of plan.warnings) process.stderr.write(`warning: ${warning}\n`);
    print(options, stackPlanJson(plan), stackPlanText(plan));
  }
  if (options.exitCode && changesAnything(plan)) process.exitCode = 2;
}

async function planFolder(images: string, { since = "HEAD", prefix, ...options }: PlanOptions): Promise<void> {
  const plan = await planSince(images, since, prefix === undefined ? {} : { prefix });
  if (options.markdown) {
    const comment = {
      ...plan,
      subject: images,
      summary: summary(plan.layers),
      layers: changed(plan.layers),
      lines: [],
    };
    print({}, undefined, planMarkdown(comment));
  } else {
    for (const warning of plan.warnings) process.stderr.write(`warning: ${warning}\n`);
    print(options, { version: 1, ...plan }, planText(plan.layers));
  }
  if (options.exitCode && changed(plan.layers).length > 0) process.exitCode = 2;
}

async function showDiff(stack: string, env: Environment): Promise<void> {
  const result = await execa("pulumi", ["preview", "--stack", stack, "--diff"], {
    cwd: root,
    env,
    stdio: "inherit",
    timeout: 10 * 60_000,
    reject: false,
  });
  process.exitCode = result.exitCode ?? 1;
}

function changed<T extends { readonly action: Action }>(layers: readonly T[]): T[] {
  return layers.filter(({ action }) => action !== "unchanged");
}
