import type { GitObjects, GitTree } from "./objects";

/**
 * Which of some paths differ between two folders of git's: they, what is in them, or what leads to them. Only folders that differ are
 * looked into.
 *
 * @param before the id of a folder; so is `after`
 * @param paths relative to it; an empty one is all of it
 */
export async function changedPaths(
  objects: GitObjects,
  before: string,
  after: string,
  paths: ReadonlySet<string>,
): Promise<Set<string>> {
  const changed = new Set<string>();
  const compare = async (
    old: string | undefined,
    now: string | undefined,
    wanted: readonly Wanted[],
  ): Promise<void> => {
    if (old === now) return;
    const [oldTree, nowTree] = await Promise.all([old, now].map((id) => (id === undefined ? none : objects.tree(id))));
    const within = new Map<string, Wanted[]>();
    for (const { path, rest } of wanted) {
      const [name, ...deeper] = rest;
      if (name === undefined) changed.add(path);
      else within.set(name, [...(within.get(name) ?? []), { path, rest: deeper }]);
    }
    const deeper = [...within].map(([name, inside]) => {
      const [a, b] = [oldTree?.get(name), nowTree?.get(name)];
      if (a?.id === b?.id && a?.kind === b?.kind && a?.executable === b?.executable) return undefined;
      // A link on the way may lead to anything.
      if ([a, b].some((entry) => entry !== undefined && entry.kind !== "folder")) {
        for (const { path } of inside) changed.add(path);
        return undefined;
      }
      return compare(a?.id, b?.id, inside);
    });
    await Promise.all(deeper);
  };
  const parts = [...paths].map((path) => ({
    path,
    rest: path.split("/").filter((part) => part !== "" && part !== "."),
  }));
  await compare(before, after, parts);
  return changed;
}

interface Wanted {
  readonly path: string;
  readonly rest: readonly string[];
}

const none: GitTree = new Map();
