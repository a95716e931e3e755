import { existsSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import { execa } from "execa";

/**
 * Unmounts what is mounted beneath a folder: a BuildKit that was killed leaves the root file systems of the steps that it ran, and
 * the folder cannot be removed with them.
 *
 * @throws Error where something is in use
 */
export async function unmountBeneath(folder: string): Promise<void> {
  for (const path of mountsBeneath(folder)) await execa("umount", [path], { timeout: 30_000 });
}

/** The innermost first. */
export function mountsBeneath(folder: string, file = "/proc/self/mountinfo"): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""))
    .filter((path) => path.startsWith(folder + sep))
    .reverse();
}

/** proc(5): blanks, and backslashes themselves, are written as \040. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
