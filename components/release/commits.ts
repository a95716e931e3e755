import type { Catalog } from "../catalog/catalog";
import { InputError } from "../catalog/input-error";
import { commitNamed, GitError, git, repositoryOf } from "../git/git";
import { FamilyHistory, type HistorySource } from "./history";
import { KnownChanges } from "./known-changes";
import { workTreeFamily } from "./work-tree-family";

/** What git says of a family. */
export interface Commits {
  /**
   * By layer, the full id of the commit that last changed what it is made of, or what one beneath it is; undefined for a layer that the
   * work tree changes, for which no commit stands.
   */
  readonly changed: ReadonlyMap<string, string | undefined>;
  /** The branch that is checked out; undefined where that cannot be told. */
  readonly branch: string | undefined;
}

export interface CommitsSource extends HistorySource {
  /** Where answers are kept; it may be deleted at any time. @example ".strata/commits.json" @default none are */
  readonly known?: string;
  /** Of this process: what CI says of the branch. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Asks git which commit stands for each layer. It is the same on every clone, whatever was built there.
 *
 * In no repository, and in one without commits, no commit stands for any layer.
 *
 * @param catalog of the work tree, stand-ins or not
 * @throws InputError where git cannot read the repository, and for layers of which a shallow clone cannot tell
 */
export async function commitsOf(catalog: Catalog, source: CommitsSource): Promise<Commits> {
  const { folder = ".", env = process.env } = source;
  const root = await repositoryOf(folder);
  const none = new Map(catalog.map(({ name }): [string, undefined] => [name, undefined]));
  if (root === undefined) return { changed: none, branch: branchIn(env) };
  const [head, branch] = await Promise.all([commitNamed(root, "HEAD"), branchOf(root, env)]);
  if (head === undefined) return { changed: none, branch };
  const history = await FamilyHistory.open(root, [head], source).catch((error) => refuse(error, folder));
  try {
    const now = await workTreeFamily(catalog, head, history, source);
    const committed = await history.familyAt(head);
    const clean = [...now.identities].flatMap(([name, made]) =>
      committed.identities.get(name) === made ? [name] : [],
    );
    const known = source.known === undefined ? undefined : new KnownChanges(source.known, history.setting);
    const { found, unknown } = await history.lastChanges(head, clean, known);
    if (unknown.length > 0) throw tooShallow(unknown);
    return { changed: new Map([...none, ...found]), branch };
  } catch (error) {
    return refuse(error, folder);
  } finally {
    history.close();
  }
}

async function branchOf(root: string, env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const branch = await git(root, ["symbolic-ref", "--quiet", "--short", "HEAD"]).catch(() => "");
  return branch.trim() || branchIn(env);
}

/** CI checks a commit out, and not a branch. What is built for a tag is of no branch. */
function branchIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const github = env.GITHUB_HEAD_REF || (env.GITHUB_REF_TYPE === "tag" ? undefined : env.GITHUB_REF_NAME);
  return github || (env.CI_COMMIT_TAG ? undefined : env.CI_COMMIT_REF_NAME) || undefined;
}

/** For a clone that ends before the commit that last changed some layers. */
export function tooShallow(layers: readonly string[]): InputError {
  const some = layers.length > 8 ? `${layers.slice(0, 8).join(", ")} and ${layers.length - 8} more` : layers.join(", ");
  return new InputError(
    some,
    "this clone is shallow, and ends before the commit that last changed what is built; fetch all of it: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 on GitLab, git fetch --unshallow elsewhere",
  );
}

function refuse(error: unknown, folder: string): never {
  if (error instanceof GitError) throw new InputError(folder, `its git repository cannot be read: ${error.message}`);
  throw error;
}
