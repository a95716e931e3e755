import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Calls the action with a folder that has the files, and removes it when the action, or what it promised, is done. */
export function withFolder<T>(files: Readonly<Record<string, string>>, action: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "strata-test-"));
  const remove = () => rmSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // A letter of Latin-1 stands for a byte that is no UTF-8.
    writeFileSync(join(folder, path), text, text.includes("\xff") ? "latin1" : "utf8");
  }
  let result: T;
  try {
    result = action(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove) as T;
  remove();
  return result;
}
