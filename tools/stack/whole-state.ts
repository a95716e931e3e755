import { copyFileSync, existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

/**
 * Puts a state in a folder back to what it was before its last writing, where a kill has left that half done. Pulumi writes in place, and
 * keeps a copy of what was there before. At most the end of one operation is lost with it, which the next `up` does again.
 *
 * @param state the backend's folder
 * @returns the file; undefined where it is whole, is not there, or its copy is no better
 */
export function restoreState(state: string, project: string, stack: string): string | undefined {
  // Without a project: states that an old Pulumi made.
  const files = [`${project}/${stack}.json`, `${stack}.json`].map((name) => join(state, ".pulumi/stacks", name));
  const file = files.find((one) => existsSync(one));
  if (file === undefined || isWhole(file) || !isWhole(`${file}.bak`)) return undefined;
  copyFileSync(`${file}.bak`, `${file}.restored`);
  renameSync(`${file}.restored`, file);
  return file;
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
