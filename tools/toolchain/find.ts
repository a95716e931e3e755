import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import * as semver from "semver";
import { toolsFolder } from "../home";
import type { Tool } from "./tools";

/**
 * The path of the tool where PATH has it in a good version: the same major version, and not older than ours. Our own folder
 * does not count.
 *
 * @param companion the path of the program that the tool comes with, where that was found
 */
export async function findOnPath(
  tool: Pick<Tool, "name" | "version" | "versionArgs">,
  path: string = process.env.PATH ?? "",
  companion?: string,
): Promise<string | undefined> {
  if (companion) return [join(dirname(realpathSync(companion)), tool.name)].find(isExecutable);
  if (!tool.versionArgs) return undefined;
  const file = path
    .split(delimiter)
    .filter((folder) => folder !== toolsFolder)
    .map((folder) => join(folder, tool.name))
    .find(isExecutable);
  if (!file) return undefined;
  const result = await execa(file, tool.versionArgs, { reject: false, timeout: 10_000 });
  return isGoodVersion(`${result.stdout}\n${result.stderr}`, tool.version) ? file : undefined;
}

/** @param printed what the tool says of its version, among other words */
export function isGoodVersion(printed: string, wanted: string): boolean {
  const found = /\d+\.\d+\.\d+/.exec(printed)?.[0];
  return found !== undefined && semver.major(found) === semver.major(wanted) && semver.gte(found, wanted);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
