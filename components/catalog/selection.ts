import type { Source } from "./dockerfile/reading";
import { hasWildcard, matcher } from "./glob";
import type { IgnoreRules } from "./ignore-rules";
import { joined, type Tree } from "./tree";

/** What a build reads of its context. */
export interface Selection {
  /** The paths of files and links, sorted. */
  readonly paths: readonly string[];
  /** The folders that a step names though nothing in them counts; a build needs them to be there. */
  readonly emptyFolders: readonly string[];
  /** Sources without wildcards that name nothing: BuildKit would fail there. */
  readonly missing: readonly Source[];
}

/**
 * Finds what the sources of a Dockerfile name, as BuildKit's client does when it sends a context (fsutil's FollowLinks and
 * filters): wildcards are those of Go's path.Match, a folder stands for all that is in it, and where a path leads through
 * symbolic links these count, and what they point to. What is ignored is not there.
 */
export function selectFiles(tree: Tree, sources: readonly Source[], rules: IgnoreRules): Selection {
  const selector = new Selector(tree, rules);
  const missing = sources.filter((source) => !selector.select(source.path) && !hasWildcard(source.path));
  return { paths: [...selector.paths].sort(), emptyFolders: [...selector.emptyFolders].sort(), missing };
}

/** In parts; more than any file system takes. */
const longestPath = 500;

class Selector {
  readonly paths = new Set<string>();
  readonly emptyFolders = new Set<string>();
  private readonly followed = new Set<string>();

  constructor(
    private readonly tree: Tree,
    private readonly rules: IgnoreRules,
  ) {}

  /** @returns whether there is anything */
  select(path: string): boolean {
    return this.follow("", path === "" ? [] : path.split("/"));
  }

  private follow(folder: string, parts: readonly string[]): boolean {
    const [part, ...rest] = parts;
    // A link to something beneath itself leads on and on.
    if (parts.length > longestPath) return false;
    if (part === undefined) return this.selectAll(folder);
    // BuildKit takes ** for many folders in some places and for one in others.
    if (part.includes("**")) return this.selectAll(folder);
    const paths = hasWildcard(part)
      ? [...this.tree.list(folder).keys()].filter(matcher(part)).map((name) => joined(folder, name))
      : [joined(folder, part)];
    const found = paths.map((path) => this.followEntry(path, rest)).some(Boolean);
    // Where a pattern within a path meets a link, BuildKit's client sends all that the pattern matches.
    const isSentWhole = rest.length > 0 && hasWildcard(part) && paths.some((path) => this.tree.kindOf(path) === "link");
    if (isSentWhole) for (const path of paths) this.followEntry(path, []);
    return found;
  }

  private followEntry(path: string, rest: readonly string[]): boolean {
    const kind = this.tree.kindOf(path);
    if (kind === "folder") return this.follow(path, rest);
    if (kind === undefined) return false;
    const ignored = this.rules.ignores(path);
    if (kind === "file") {
      if (ignored || rest.length > 0) return false;
      this.paths.add(path);
      return true;
    }
    if (!ignored) this.paths.add(path);
    const step = [path, ...rest].join("\0");
    if (this.followed.has(step)) return !ignored;
    this.followed.add(step);
    // BuildKit's client looks for links before it looks for what is ignored.
    const found = this.follow("", [...resolvedTarget(path, this.tree.targetOf(path)), ...rest]);
    return found && !ignored;
  }

  private selectAll(folder: string): boolean {
    if (this.selectBeneath(folder) || folder === "") return true;
    if (this.rules.ignores(folder)) return false;
    this.emptyFolders.add(folder);
    return true;
  }

  private selectBeneath(folder: string): boolean {
    if (folder !== "" && this.rules.ignoresAllOf(folder)) return false;
    let found = false;
    for (const [name, kind] of this.tree.list(folder)) {
      const path = joined(folder, name);
      if (kind === "folder") {
        found = this.selectBeneath(path) || found;
      } else if (!this.rules.ignores(path)) {
        this.paths.add(path);
        found = true;
      }
    }
    return found;
  }
}

/** Where a link leads, as parts of a path from the context's top, which it cannot leave. */
function resolvedTarget(link: string, target: string): string[] {
  const parts = target.startsWith("/") ? [] : link.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
