import { chmodSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withFolder } from "./catalog/folder";

/**
 * Calls the action with an environment in which programs of these names, and no others, are on PATH.
 *
 * @param scripts by name, for sh with nothing but what is built into it; $CALLS is a file that they may write to
 */
export function withTools<T>(
  scripts: Readonly<Record<string, string>>,
  action: (env: { readonly PATH: string; readonly CALLS: string }) => T,
): T {
  const files = Object.entries(scripts).map(([name, script]) => [`bin/${name}`, `#!/bin/sh\n${script}\n`]);
  return withFolder({ "bin/.keep": "", ...Object.fromEntries(files) }, (folder) => {
    for (const name of Object.keys(scripts)) chmodSync(join(folder, "bin", name), 0o755);
    return action({ PATH: [join(folder, "bin"), "/nowhere"].join(delimiter), CALLS: join(folder, "calls") });
  });
}
