import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, type Tool } from "./tools";

/** What a tool was built from is kept beside it, so that a new pin in go.mod builds it again. */
export function stampOf(tool: Tool): string {
  const sums = readFileSync(join(tool.module, "go.sum"));
  const modules = readFileSync(join(tool.module, "go.mod"));
  const hash = createHash("sha256").update(JSON.stringify(tool.package)).update(modules).update(sums);
  return hash.update(tool.flags ? JSON.stringify(tool.flags) : "").digest("hex");
}

export function stampFile(tool: Tool): string {
  return join(folderOf(tool), `.${tool.name}.stamp`);
}

/** Whether a tool was built or installed into our own folder, as it is pinned now. */
export function isInstalled(tool: Tool): boolean {
  const stamp = stampFile(tool);
  return (
    existsSync(join(folderOf(tool), tool.name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === stampOf(tool)
  );
}
