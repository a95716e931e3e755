import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog";
import { InputError } from "../catalog/input-error";
import { readTextIfThere } from "../catalog/read-text";
import { readUpstreams, type Upstream } from "../catalog/upstreams";
import { commitNamed, GitError, git, repositoryOf } from "../git/git";
import { WorkTree } from "../git/work-tree";
import { StackConfig } from "../stack-config";
import { familySettings, identitiesOf } from "./family-at";
import { FamilyHistory, type HistorySource } from "./history";
import { KnownChanges } from "./known-changes";

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
    const clean = await cleanLayers(catalog, head, history, source);
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

/** The layers that are made of just what HEAD has. */
async function cleanLayers(
  catalog: Catalog,
  head: string,
  history: FamilyHistory,
  { folder = ".", pinsFile, configFiles }: HistorySource,
): Promise<string[]> {
  const at = (path: string) => join(folder, path);
  const [files, committed] = await Promise.all([history.filesOf(head), history.familyAt(head)]);
  const workTree = await WorkTree.open(realpathSync(history.root), files);
  const config = new StackConfig(readTextIfThere(at(configFiles[0])), readTextIfThere(at(configFiles[1])));
  // Which upstreams are replaced on this machine is in no commit.
  const isReplaced = catalog.some(({ upstreams }) => upstreams.some(({ standIn }) => standIn));
  const pins = isReplaced ? readUpstreams(at(pinsFile)) : new Map<string, Upstream>();
  const pinned = (await workTree.asInGit(catalog)).map((layer) => ({
    ...layer,
    upstreams: layer.upstreams.map((upstream) => (upstream.standIn ? (pins.get(upstream.name) ?? upstream) : upstream)),
  }));
  const links = await history.submodulesIn(catalog, files, ({ context }) => workTree.placeOf(context));
  const submodules = catalog.map(({ name, context }) => {
    const atPaths = [...(links.get(name) ?? [])].map(
      ([path, id]) => [path, workTree.submodule(join(workTree.placeOf(context), path), id)] as const,
    );
    return [name, new Map(atPaths)] as const;
  });
  const now = identitiesOf(pinned, familySettings(config), new Map(submodules));
  return [...now].filter(([name, identity]) => committed.identities.get(name) === identity).map(([name]) => name);
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
