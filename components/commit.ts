import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** In milliseconds. */
const timeLimit = 20_000;

/**
 * The commit that is checked out: its full SHA, with `-dirty` behind it where files that count differ from it or are not in it.
 *
 * @param paths the files and folders that count. @example ["images", "upstreams.yaml"]
 * @returns undefined where there is no commit, no repository or no git
 */
export async function checkedOutCommit(paths: readonly string[], folder = "."): Promise<string | undefined> {
  const options = { cwd: folder, timeout: timeLimit, maxBuffer: 64 * 1024 * 1024 };
  try {
    const [head, status] = await Promise.all([
      run("git", ["rev-parse", "--verify", "HEAD"], options),
      run("git", ["--no-optional-locks", "status", "--porcelain", "--", ...paths], options),
    ]);
    return `${head.stdout.trim()}${status.stdout === "" ? "" : "-dirty"}`;
  } catch {
    return undefined;
  }
}
