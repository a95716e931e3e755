import { lstatSync } from "node:fs";
import { join } from "node:path";
import { git } from "./git/git";
import { hashed, unwatched } from "./git/work-tree";

/**
 * The commit that is checked out: its full SHA, with `-dirty` behind it where files that count differ from it or are not in it.
 *
 * @param paths the files and folders that count. @example ["images", "upstreams.yaml"]
 * @param read the files that images are built from, of which none may be one that git ignores
 * @returns undefined where there is no commit, no repository or no git
 */
export async function checkedOutCommit(
  paths: readonly string[],
  folder = ".",
  read: readonly string[] = [],
): Promise<string | undefined> {
  try {
    const status = ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignored=matching", "--", ...paths];
    const [head, stated, edited] = await Promise.all([
      git(folder, ["rev-parse", "--show-prefix", "HEAD"]),
      git(folder, status),
      editedUnwatched(paths, folder),
    ]);
    const [prefix = "", commit = ""] = head.split("\n");
    // XY PATH, from the top of the repository
    const entries = stated.split("\0").filter(Boolean);
    const ignored = entries.filter((entry) => entry.startsWith("!! ")).map((entry) => entry.slice(3));
    const isDirty = edited || entries.length > ignored.length || isAny(ignored, read, prefix);
    return `${commit}${isDirty ? "-dirty" : ""}`;
  } catch {
    return undefined;
  }
}

/** Whether some of the files are among these paths, or in folders among them, whose names end with a slash. */
function isAny(paths: readonly string[], files: readonly string[], prefix: string): boolean {
  if (paths.length === 0) return false;
  const known = new Set(paths);
  return files.some((file) => {
    const place = join(prefix, file);
    const folders = [...place.matchAll(/\//g)].map(({ index }) => place.slice(0, index + 1));
    return [place, ...folders].some((path) => known.has(path));
  });
}

/** Whether something differs of what git was told not to look at. */
async function editedUnwatched(paths: readonly string[], folder: string): Promise<boolean> {
  const there = [...(await unwatched(folder, paths))].filter(
    ([path, { left }]) => !left || lstatSync(join(folder, path), { throwIfNoEntry: false }),
  );
  const ids = await hashed(
    folder,
    there.map(([path]) => path),
  );
  return there.some(([path, { id }]) => ids.get(path) !== id);
}
