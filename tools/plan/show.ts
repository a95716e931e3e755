import type { Action } from "../../components/catalog/diff";
import { root } from "../home";
import type { Environment } from "../stack/environment";
import { print } from "../verb";
import { planMarkdown } from "./markdown";
import type { Previewed } from "./preview";
import { promotionSentences } from "./release-print";
import { changesAnything, planStack } from "./stack";
import { orderLines, otherLines, stackPlanJson, stackPlanText, stackSummary } from "./stack-print";
import type { PlanOptions } from "./verb";

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

export function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
}

export function changed<T extends { readonly action: Action }>(layers: readonly T[]): T[] {
  return layers.filter(({ action }) => action !== "unchanged");
}
