import { print } from "../verb";
import { planMarkdown } from "./markdown";
import { planText, summary } from "./print";
import { changed, warn } from "./show";
import { planSince } from "./since";
import type { PlanOptions } from "./verb";

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
