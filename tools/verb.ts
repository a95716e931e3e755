import { localStack } from "../components/local-stack";

/** What verbs share: options as commander takes them, and how they answer. */
export const stackOption = ["--stack <name>", "the stack", localStack] as const;
export const jsonOption = ["--json", "print JSON for programs"] as const;

/** @param text for people */
export function print(options: { json?: true }, data: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(data, null, 2) : text}\n`);
}

/** A line of progress, which the next one replaces; nothing where nobody watches. */
export function toStderr(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
