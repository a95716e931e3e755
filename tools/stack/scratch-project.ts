import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../home";

/**
 * Makes a folder in which the program runs as it does here, with a family, a configuration and a state of its own: for
 * tests and benchmarks, which must not touch the user's.
 *
 * @param upstreams the file of the pins
 * @returns where its state is kept, for PULUMI_BACKEND_URL
 */
export function makeScratchProject(folder: string, upstreams: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["Pulumi.yaml", "package.json", "index.ts"]) cpSync(join(root, name), join(folder, name));
  cpSync(join(root, "bin"), join(folder, "bin"), { recursive: true });
  for (const name of ["components", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
  cpSync(upstreams, join(folder, "upstreams.yaml"));
  const state = join(folder, "state");
  mkdirSync(state);
  return `file://${state}`;
}
