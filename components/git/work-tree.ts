import { createHash } from "node:crypto";
import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { Catalog, CatalogLayer } from "../catalog/catalog";
import type { ContextFile } from "../catalog/files";
import type { CommitFiles } from "./commit-files";
import { git } from "./git";

/** The hash of what no commit can have. */
const unknown = "unknown";

/** The work tree of a repository, seen as git would keep it. */
export class WorkTree {
  private readonly places = new Map<string, string>();

  private constructor(
    private readonly root: string,
    private readonly head: CommitFiles,
    /** Of what HEAD has, the paths that differ or may. */
    private readonly changed: ReadonlySet<string>,
  ) {}

  /**
   * @param root the top of the work tree, without links in its path
   * @param head the files of HEAD
   */
  static async open(root: string, head: CommitFiles): Promise<WorkTree> {
    const args = ["status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=none"];
    const [status, unseen] = await Promise.all([git(root, args), unwatched(root)]);
    // XY PATH
    const changed = status.split("\0").map((line) => line.slice(3));
    return new WorkTree(root, head, new Set([...changed, ...unseen.keys()]));
  }

  /** Where a folder of this machine is in the repository. */
  placeOf(folder: string): string {
    const place = this.places.get(folder) ?? relative(this.root, realpathSync(folder));
    this.places.set(folder, place);
    return place;
  }

  /** A family as it is on disk, but with git's own ids for the hashes of its files, so that it can be compared with one of a commit. */
  async asInGit(catalog: Catalog): Promise<Catalog> {
    const all = new Map(catalog.flatMap((layer) => layer.files.map((file) => [this.pathOf(layer, file), file])));
    const kept = await this.head.fetched(() =>
      [...all].map(([path, file]) => [path, this.idInHead(path, file)] as const),
    );
    const hashes = new Map(kept);
    const changed = [...all].filter(([path, { mode }]) => hashes.get(path) === undefined && mode !== "link");
    const found = await hashed(
      this.root,
      changed.map(([path]) => path),
    );
    const hashOf = (path: string, file: ContextFile): string =>
      hashes.get(path) ?? (file.mode === "link" ? this.linkId(path) : (found.get(path) ?? unknown));
    return catalog.map((layer) => ({
      ...layer,
      files: layer.files.map((file) => ({ ...file, hash: hashOf(this.pathOf(layer, file), file) })),
    }));
  }

  /** What a submodule is at, as far as a commit says so. @param id of HEAD */
  submodule(path: string, id: string): string {
    const isThere = existsSync(join(this.root, path, ".git"));
    return isThere && !this.changed.has(path) ? id : unknown;
  }

  /** Undefined for what HEAD does not have, or not so. */
  private idInHead(path: string, { mode, hash }: ContextFile): string | undefined {
    if (mode === "dir") return hash;
    const entry = this.head.find(path, { follow: false });
    const isSame = !this.changed.has(path) && entry?.kind === (mode === "link" ? "link" : "file");
    return isSame ? entry.id : undefined;
  }

  private linkId(path: string): string {
    const target = readlinkSync(join(this.root, path), "buffer");
    const algorithm = this.head.top.length === 64 ? "sha256" : "sha1";
    return createHash(algorithm).update(`blob ${target.length}\0`).update(target).digest("hex");
  }

  private pathOf({ context }: CatalogLayer, { path }: ContextFile): string {
    return join(this.placeOf(context), path);
  }
}

/** A file that `git status` is silent about whatever is in it. */
interface Unwatched {
  /** Of what the index has. */
  readonly id: string;
  /** Whether it may have been left out of the work tree, as a sparse checkout does. */
  readonly left: boolean;
}

/**
 * By path what git was told not to look at, by `git update-index --assume-unchanged` or `--skip-worktree`.
 *
 * @param paths the files and folders to ask about. @default all
 */
export async function unwatched(folder: string, paths: readonly string[] = []): Promise<Map<string, Unwatched>> {
  const listed = await git(folder, ["ls-files", "-v", "--stage", "-z", "--", ...paths]);
  // TAG MODE ID STAGE<tab>PATH, the tag in lower case for a file that is assumed to be unchanged
  const found = listed.split("\0").map((line) => /^([a-zS]) \d+ ([0-9a-f]+) \d\t(.*)$/s.exec(line));
  return new Map(
    found.flatMap((match) => {
      const [, tag = "", id = "", path = ""] = match ?? [];
      return match ? [[path, { id, left: tag.toUpperCase() === "S" }] as const] : [];
    }),
  );
}

/** The ids that git would give files; without those that it cannot. */
export async function hashed(root: string, paths: readonly string[]): Promise<Map<string, string>> {
  const named = paths.filter((path) => !path.includes("\n"));
  if (named.length === 0) return new Map();
  const ids = await git(root, ["hash-object", "--stdin-paths"], named.join("\n")).catch(() => "");
  const lines = ids.split("\n");
  return new Map(named.flatMap((path, index) => (lines[index] ? [[path, lines[index]] as const] : [])));
}
