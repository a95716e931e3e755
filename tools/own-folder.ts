import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./services/daemon";

/**
 * Makes a folder that no other process works in. The caller removes it; those that a process was killed with go with the next call.
 *
 * @param parent has such folders, and nothing else; it is made where there is none
 */
export function ownFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  const left = readdirSync(parent).filter((name) => !isRunning(Number.parseInt(name, 10)));
  for (const name of left) rmSync(join(parent, name), { recursive: true, force: true });
  return mkdtempSync(join(parent, `${process.pid}-`));
}
