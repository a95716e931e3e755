import { copyFileSync, existsSync, globSync, readFileSync, renameSync, rmSync } from "node:fs";
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

/**
 * Removes what a kill has left half written beside the state of a stack. Pulumi's library for folders keeps the content type of each file in
 * another one, `dev.json.attrs`, and with half of one it cannot read the file at all ("failed to load checkpoint: EOF"); without one it can.
 *
 * @param state the backend's folder
 * @returns the files
 */
export function removeHalfWritten(state: string, project: string, stack: string): string[] {
  const patterns = ["", `${project}/`].flatMap((place) => [
    `stacks/${place}${stack}.{json*,pulumi-tags}`,
    `history/${place}${stack}/*`,
  ]);
  const beside = ["meta.yaml", ...patterns].map((pattern) => `.pulumi/${pattern}.attrs`);
  const files = globSync(beside, { cwd: state }).map((name) => join(state, name));
  const broken = files.filter((file) => !isWhole(file));
  for (const file of broken) rmSync(file, { force: true });
  return broken;
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
