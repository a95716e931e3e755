import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pulumiHome, root, toolsFolder } from "../../tools/home";

/**
 * Has the machine read the programs of all contenders, as one that has just installed them has: one that takes memory back which was idle for
 * minutes would read 370 MB of them from its disk in the course of an edit.
 */
export function readPrograms(): void {
  for (const folder of [toolsFolder, join(pulumiHome, "plugins"), join(root, "node_modules")]) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const file = join(folder, name);
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) readFileSync(file);
    }
  }
}
