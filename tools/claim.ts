import { mkdirSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { pidIn, pidText } from "./services/daemon";

/**
 * Takes what one process alone may have at a time. What a process that is gone has taken is free.
 *
 * A claim is a symbolic link that names the process in the place of a file: it is there with what it says or not at all, and is made only
 * where there is none.
 *
 * @param file absolute; its folder is made where there is none
 * @returns the process that has it; undefined where it is this one's now
 */
export function claim(file: string): number | undefined {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    if (isMade(file, pidText(process.pid))) return undefined;
    const said = targetOf(file);
    if (said === undefined) continue;
    const holder = pidIn(said) ?? takeAway(file, said);
    if (holder !== undefined) return holder;
  }
}

/** Gives back what this process has taken; leaves what is another's. */
export function giveBack(file: string): void {
  if (targetOf(file) === pidText(process.pid)) unlinkSync(file);
}

/**
 * Takes away the claim of a process that is gone. One does so at a time, and looks again: whoever did so a moment ago may have it by now.
 *
 * @returns the process that is doing so
 */
function takeAway(file: string, said: string): number | undefined {
  const taking = `${file}.taking`;
  const other = claim(taking);
  if (other !== undefined) return other;
  if (targetOf(file) === said) unlinkSync(file);
  giveBack(taking);
  return undefined;
}

function isMade(file: string, target: string): boolean {
  try {
    symlinkSync(target, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined where there is no claim. */
function targetOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
