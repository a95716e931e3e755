import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { type CatalogSource, type CatalogSurvey, surveyCatalog } from "../../components/catalog/catalog";
import { diffCatalogs, type LayerChange } from "../../components/catalog/diff";
import { InputError } from "../../components/catalog/input-error";
import { readUpstreams, type Upstream } from "../../components/catalog/upstreams";

/** What a change in git means for the images of a repository. */
export interface SincePlan {
  /** The full id of the commit that is compared with. */
  readonly since: string;
  readonly layers: readonly LayerChange[];
  /** What Strata would refuse to build as it is now; none of it keeps a plan from being made. */
  readonly warnings: readonly string[];
}

export interface SinceOptions {
  /** The folder of the images; where the plan has to do with a prefix see `CatalogSource`. */
  readonly prefix?: string;
}

/** In milliseconds, for one call of git. */
const timeLimit = 120_000;

/**
 * Compares the images of a folder as they are now with those of a commit. Needs git and the repository, and nothing else: no
 * builder, no registry, no Pulumi. Files that git ignores do not count, since no other clone has them.
 *
 * @param images the folder of the images, in any git repository
 * @param since what git takes for a commit: `main`, `HEAD~1`, `v1.2`
 * @throws InputError for a folder that is in no repository, for a commit that there is not, and for what `surveyCatalog` refuses
 */
export async function planSince(images: string, since: string, options: SinceOptions = {}): Promise<SincePlan> {
  if (!existsSync(images)) throw new InputError(images, "no such folder; --images names the folder of the images");
  const folder = realpathSync(images);
  const root = await git(folder, ["rev-parse", "--show-toplevel"]).catch(() => {
    throw new InputError(images, "is in no git repository, so there is no commit to compare with");
  });
  const commit = await git(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${since}^{commit}`]).catch(
    () => {
      throw new InputError(
        "--since",
        `there is no commit "${since}" in ${root}; of a shallow clone fetch more (fetch-depth: 0)`,
      );
    },
  );
  const listed = await git(root, ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
  const only = new Set(listed.split("\0"));
  const path = relative(root, folder);
  const now = survey(root, path, { ...options, only });
  const before = await withCheckout(root, commit, (checkout) => survey(checkout, path, options));
  return {
    since: commit,
    layers: diffCatalogs(before.layers, now.layers),
    // People know the folder by the name that they gave it.
    warnings: now.problems.map(({ message }) => message.replaceAll(join(root, path), images)),
  };
}

/** A folder that is not there, or without images, is a family of none. */
function survey(root: string, path: string, options: Pick<CatalogSource, "only" | "prefix">): CatalogSurvey {
  const source = {
    images: join(root, path),
    root,
    upstreams: pinsOf(root),
    pinsFile: "upstreams.yaml",
    platforms: ["linux/amd64"],
    ...options,
  };
  if (!existsSync(source.images)) return { layers: [], problems: [] };
  return surveyCatalog(source);
}

function pinsOf(root: string): Map<string, Upstream> {
  const file = join(root, "upstreams.yaml");
  return existsSync(file) ? readUpstreams(file) : new Map();
}

/** Calls the action with a commit's files as a checkout has them; the repository's own work tree and index stay as they are. */
async function withCheckout<T>(root: string, commit: string, action: (folder: string) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "strata-since-"));
  try {
    const env = { GIT_INDEX_FILE: join(folder, "index") };
    await git(root, ["read-tree", commit], env);
    await git(root, ["checkout-index", "--all", "--quiet", `--prefix=${join(folder, "tree")}/`], env);
    return action(resolve(folder, "tree"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function git(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execa("git", ["-C", folder, ...args], {
    env: { GIT_OPTIONAL_LOCKS: "0", ...env },
    timeout: timeLimit,
    maxBuffer: 1 << 30,
  });
  return stdout;
}
