import { execa } from "execa";
import type { Action } from "../../components/catalog/diff";
import { root } from "../home";
import type { Environment } from "../stack/environment";
import { print } from "../verb";
import { planMarkdown } from "./markdown";
import type { Previewed } from "./preview";
import { planText, summary } from "./print";
import { promotionSentences } from "./release-print";
import { planSince } from "./since";
import { changesAnything, planStack } from "./stack";
import { orderLines, otherLines, stackPlanJson, stackPlanText, stackSummary } from "./stack-print";
import type { PlanOptions } from "./verb";

/** In milliseconds. */
const timeLimit = 10 * 60_000;

/** Prints the plan of a stack, and sets the exit code. @param running its preview */
export async function showStack(options: PlanOptions, env: Environment, running: Promise<Previewed>): Promise<void> {
  const plan = await planStack(options.stack, env, root, running);
  if (options.markdown) {
    const promoted = plan.promotions ? promotionSentences(plan.promotions) : [];
    const lines = [...promoted, ...orderLines(plan), ...otherLines(plan)];
    const comment = { ...plan, subject: plan.stack, summary: stackSummary(plan), layers: changed(plan.layers), lines };
    print({}, undefined, planMarkdown(comment));
  } else {
    warn(plan.warnings);
    print(options, stackPlanJson(plan), stackPlanText(plan));
  }
  if (options.exitCode && changesAnything(plan)) process.exitCode = 2;
}

/** Prints what a change in git means for the images of a folder, and sets the exit code. */
export async function planFolder(
  images: string,
  { since = "HEAD", prefix, ...options }: Omit<PlanOptions, "stack">,
): Promise<void> {
  const plan = await planSince(images, since, prefix === undefined ? {} : { prefix });
  const layers = changed(plan.layers);
  if (options.markdown) {
    print({}, undefined, planMarkdown({ ...plan, subject: images, summary: summary(plan.layers), layers, lines: [] }));
  } else {
    warn(plan.warnings);
    print(options, { version: 1, ...plan }, planText(plan.layers));
  }
  if (options.exitCode && layers.length > 0) process.exitCode = 2;
}

/** Pulumi's own preview, as it is. */
export async function showDiff(stack: string, env: Environment): Promise<void> {
  const args = ["preview", "--stack", stack, "--diff"];
  const options = { cwd: root, env, stdio: "inherit", reject: false, timeout: timeLimit } as const;
  const { exitCode = 1 } = await execa("pulumi", args, options);
  process.exitCode = exitCode;
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
}

function changed<T extends { readonly action: Action }>(layers: readonly T[]): T[] {
  return layers.filter(({ action }) => action !== "unchanged");
}
