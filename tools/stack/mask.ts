import { configOf } from "./config-files";
import type { Environment } from "./environment";
import { askPulumi } from "./pulumi";

/** What is shorter hides nothing, and would be found everywhere. */
const shortest = 3;

/**
 * Gives a function that takes a stack's secrets out of a text, as Pulumi does with all that it prints itself. What a step prints is in the
 * builder's own log as it is.
 *
 * @param folder the project's
 * @throws Error where there are secrets and they cannot be read
 */
export async function maskOf(stack: string, env: Environment, folder: string): Promise<(text: string) => string> {
  if (configOf(stack, "secrets", folder) === undefined) return (text) => text;
  const asked = askPulumi(["config", "get", "strata:secrets", "--stack", stack], { env, folder });
  const told = await asked.catch(({ message }: Error) => {
    const [why] = message.split("\n");
    throw new Error(`the log is not shown, since the secrets that it may have in it cannot be read: ${why}`);
  });
  const values = Object.values(JSON.parse(told) as Record<string, unknown>).map(String);
  return (text) => masked(text, values);
}

/** A text without the values, nor any line of one that has several. */
export function masked(text: string, values: readonly string[]): string {
  const lines = values
    .flatMap((value) => [value, ...value.split("\n")])
    .filter((line) => line.trim().length >= shortest);
  // The longest first: one may be a part of another.
  return [...new Set(lines)]
    .sort((a, b) => b.length - a.length)
    .reduce((shown, line) => shown.replaceAll(line, "[secret]"), text);
}
