import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "@balena/dockerignore";

/** What an ignore file leaves out. */
export interface IgnoreRules {
  /** Whether a file or link is left out. */
  readonly ignores: (path: string) => boolean;
  /** Whether nothing beneath a folder can be left in, so that it need not be looked into. */
  readonly ignoresAllOf: (folder: string) => boolean;
}

const none: IgnoreRules = { ignores: () => false, ignoresAllOf: () => false };

/**
 * Reads `<Dockerfile>.dockerignore` beside the Dockerfile, or else the context's `.dockerignore`, as BuildKit does: the
 * first of the two replaces the other, also where it is empty.
 */
export function readIgnoreRules(dockerfile: string, context: string): IgnoreRules {
  const text = readIfThere(`${dockerfile}.dockerignore`) ?? readIfThere(join(context, ".dockerignore"));
  if (text === undefined) return none;
  const patterns = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (patterns.length === 0) return none;
  // ignorecase: false is what BuildKit does.
  const rules = ignore({ ignorecase: false }).add(patterns);
  const readmits = patterns.some((pattern) => pattern.trim().startsWith("!"));
  return {
    ignores: (path) => rules.ignores(path),
    ignoresAllOf: (folder) => !readmits && rules.ignores(folder),
  };
}

/** Most layers have neither file, and asking is cheaper than failing. */
function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
