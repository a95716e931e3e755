import { execFile } from "node:child_process";
import { InputError } from "../catalog/input-error";

/** In milliseconds, for one call of git; a clone that has left out contents fetches them then. */
export const timeLimit = 120_000;

/** In bytes. */
const longestAnswer = 1 << 30;

/** What `git rev-parse --local-env-vars` lists: set by a hook, they would name another repository. */
const repositoryVariables = [
  ...["GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE"],
  ...["GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE"],
];

/** What git is run with: the folder's own repository, with no commit replaced by another on this machine, and messages as git has them. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const unset = Object.fromEntries(repositoryVariables.map((name) => [name, undefined]));
  return { ...process.env, ...unset, GIT_OPTIONAL_LOCKS: "0", GIT_NO_REPLACE_OBJECTS: "1", LC_ALL: "C" };
}

/** git said no. */
export class GitError extends Error {
  override readonly name = "GitError";
}

/**
 * Runs git in a folder, and gives what it prints.
 *
 * @param input what it reads
 * @throws GitError with the first line of what git says
 */
export function git(folder: string, args: readonly string[], input = ""): Promise<string> {
  const options = { env: gitEnvironment(), timeout: timeLimit, maxBuffer: longestAnswer } as const;
  return new Promise((resolve, reject) => {
    const running = execFile("git", ["-C", folder, ...args], options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (error.code === "ENOENT") return reject(new GitError("there is no git on PATH"));
      if (error.killed) return reject(new GitError(`git ${args[0]} gave no answer within ${timeLimit / 1000} s`));
      reject(new GitError(stderr.trim().split("\n")[0] || error.message));
    });
    // One that ends without reading is told of by its exit code.
    running.stdin?.on("error", () => {}).end(input);
  });
}

/**
 * The top of the work tree that a folder is in.
 *
 * @returns undefined where it is in no repository
 * @throws InputError where there is one that git does not read, or no git
 */
export async function repositoryOf(folder: string): Promise<string | undefined> {
  try {
    return (await git(folder, ["rev-parse", "--show-toplevel"])).replace(/\n$/, "");
  } catch (error) {
    const said = (error as Error).message;
    if (/not a git repository/.test(said)) return undefined;
    throw new InputError(folder, `its git repository cannot be read: ${said}`);
  }
}

/**
 * @param name what git takes for a commit. @example "main", "HEAD~1", "v1.2"
 * @param option where it was asked for. @example "--since"
 * @throws InputError where there is no such commit
 */
export async function commitAt(root: string, name: string, option: string): Promise<string> {
  const commit = await commitNamed(root, name);
  if (commit !== undefined) return commit;
  throw new InputError(
    option,
    `there is no commit "${name}" in ${root}; of a shallow clone fetch more (fetch-depth: 0)`,
  );
}

/**
 * The full id of a commit.
 *
 * @param name what git takes for a commit. @example "main", "HEAD~1", "v1.2"
 * @returns undefined where there is none
 */
export async function commitNamed(root: string, name: string): Promise<string | undefined> {
  const asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
  const found = (await git(root, asked).catch(() => "")).trim();
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(found) ? found : undefined;
}
