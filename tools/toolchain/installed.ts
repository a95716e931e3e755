import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { builtIn, folderOf, scriptOf, type Tool } from "./tools";

/** What a tool was built from is kept beside it, so that a new pin in go.mod builds it again. */
export function stampOf(tool: Tool): string {
  const sums = readFileSync(join(tool.module, "go.sum"));
  const modules = readFileSync(join(tool.module, "go.mod"));
  return createHash("sha256").update(JSON.stringify(tool.package)).update(modules).update(sums).digest("hex");
}

export function stampFile(tool: Tool): string {
  return join(folderOf(tool), `.${tool.name}.stamp`);
}

/** Whether a tool was built or installed into our own folder, as it is pinned now. */
export function isInstalled(tool: Tool): boolean {
  const stamp = stampFile(tool);
  const file = join(folderOf(tool), tool.name);
  if (!existsSync(file) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== stampOf(tool)) return false;
  return !tool.flags || takesFlags(tool, file);
}

/** Pulumi's own release, which is a link, needs none; what was built has a script that gives them. */
export function takesFlags(tool: Tool, file: string): boolean {
  if (lstatSync(file).isSymbolicLink()) return true;
  const program = join(dirname(file), relative(folderOf(tool), builtIn(tool)), tool.name);
  return existsSync(program) && readFileSync(file, "utf8") === scriptOf(tool);
}
