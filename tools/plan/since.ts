import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import { type Catalog, type CatalogSource, type CatalogSurvey, surveyCatalog } from "../../components/catalog/catalog";
import { diffCatalogs, type LayerChange } from "../../components/catalog/diff";
import { InputError } from "../../components/catalog/input-error";
import { readUpstreams, type Upstream, unpinned } from "../../components/catalog/upstreams";

/** What a change in git means for the images of a repository. */
export interface SincePlan {
  /** The full id of the commit that is compared with. */
  readonly since: string;
  readonly layers: readonly SinceLayer[];
  /** What Strata would refuse to build as it is now; none of it keeps a plan from being made. */
  readonly warnings: readonly string[];
}

/** A layer's change, and what else a drawing needs of it; of a layer that is removed, what it was. */
export interface SinceLayer extends LayerChange {
  /** What the image is for, where image.yaml says so. */
  readonly description?: string;
  /** The layers that it stands on or takes files from, directly. */
  readonly needs: readonly string[];
  /** The upstreams that it does, by name. */
  readonly upstreams: readonly string[];
}

export type SinceOptions = Pick<CatalogSource, "prefix">;

const pinsFile = "upstreams.yaml";

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
  const root = await git(folder, ["rev-parse", "--show-toplevel"]).catch((error: Error) => {
    throw new InputError(images, `is in no git repository that can be read: ${error.message}`);
  });
  const commit = await commitOf(root, since);
  const listed = await git(root, ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
  const path = relative(root, folder);
  const now = survey(root, path, { ...options, only: new Set(listed.split("\0")) });
  const before = await withCheckout(root, commit, (checkout) => surveyBefore(checkout, path, options, since));
  const warnings = [
    ...before.warnings,
    // People know the folder by the name that they gave it.
    ...now.problems.map(({ message }) => message.replaceAll(join(root, path), () => images)),
    ...(await submodulesIn(root, now)),
    ...hints(now, options.prefix),
  ];
  const known = new Map([...before.layers, ...now.layers].map((layer) => [layer.name, layer]));
  const layers = diffCatalogs(before.layers, now.layers).map((change) => {
    const { description, layers: needs = [], upstreams = [] } = known.get(change.name) ?? {};
    const described = description === undefined ? {} : { description };
    return { ...change, ...described, needs, upstreams: upstreams.map(({ name }) => name) };
  });
  return { since: commit, layers, warnings };
}

/** What may make a plan of a folder that was not made for Strata say too little. */
function hints({ layers }: CatalogSurvey, prefix: string | undefined): string[] {
  const unpinnedLayers = layers.filter(({ upstreams }) => upstreams.some(({ digest }) => digest === unpinned)).length;
  const hasEdges = layers.some((layer) => layer.layers.length > 0);
  return [
    ...(unpinnedLayers > 0
      ? [`${unpinnedLayers} images stand on upstreams that are not pinned: when these move, no plan says so`]
      : []),
    ...(hasEdges || layers.length < 2
      ? []
      : prefix === undefined
        ? [
            "no image stands on another one of the folder; where they name each other by a registry, give it: --prefix ghcr.io/acme",
          ]
        : [
            `no image names another one of the folder under ${prefix}; give the registry and path that they are named by`,
          ]),
  ];
}

async function commitOf(root: string, since: string): Promise<string> {
  if (since.endsWith("...")) {
    // As git diff has it: since the two went apart.
    const base = await git(root, ["merge-base", "--", since.slice(0, -3), "HEAD"]).catch(() => "");
    if (base !== "") return base;
  }
  const asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${since}^{commit}`];
  const commit = await git(root, asked).catch(() => "");
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  throw new InputError(
    "--since",
    `there is no commit "${since}" in ${root}; of a shallow clone fetch more (fetch-depth: 0)`,
  );
}

/** A folder that is not there is a family of none. */
function survey(root: string, path: string, options: Pick<CatalogSource, "only" | "prefix">): CatalogSurvey {
  const source = {
    images: join(root, path),
    root,
    upstreams: pinsOf(root),
    pinsFile: existsSync(join(root, pinsFile)) ? pinsFile : undefined,
    // Nobody says what else's images are built for, so that a source with a variable for it is read for both.
    platforms: ["linux/amd64", "linux/arm64"],
    ...options,
  };
  if (!existsSync(source.images)) return { layers: [], problems: [] };
  return surveyCatalog(source);
}

/** A family that could not be read then is one of none: that it can be read now is what counts. */
function surveyBefore(
  checkout: string,
  path: string,
  options: SinceOptions,
  since: string,
): { layers: Catalog; warnings: readonly string[] } {
  try {
    return { layers: survey(checkout, path, options).layers, warnings: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const why = error.message.replaceAll(`${checkout}/`, () => "");
    return { layers: [], warnings: [`the images cannot be read as of ${since}, so that all are new: ${why}`] };
  }
}

function pinsOf(root: string): Map<string, Upstream> {
  const file = join(root, pinsFile);
  return existsSync(file) ? readUpstreams(file) : new Map();
}

/** A submodule is one entry for git, so that what changes in it goes unseen. */
async function submodulesIn(root: string, { layers }: CatalogSurvey): Promise<string[]> {
  const staged = await git(root, ["ls-files", "--stage", "-z"]);
  const links = staged
    .split("\0")
    .flatMap((line) => (line.startsWith("160000 ") ? [line.split("\t")[1] as string] : []));
  return links
    .filter((link) => layers.some(({ context }) => `${join(root, link)}/`.startsWith(`${context}/`)))
    .map((link) => `the submodule ${link} is not looked into: a change of it is not in this plan`);
}

/** Calls the action with a commit's files as a checkout has them; the repository's own work tree and index stay as they are. */
async function withCheckout<T>(root: string, commit: string, action: (folder: string) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "strata-since-"));
  try {
    const env = { GIT_INDEX_FILE: join(folder, "index") };
    await git(root, ["read-tree", commit], env);
    await git(root, ["checkout-index", "--all", "--quiet", `--prefix=${join(folder, "tree")}/`], env);
    return action(join(folder, "tree"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `git rev-parse --local-env-vars` lists: set by a hook, they would name another repository. */
const repositoryVariables = [
  ...["GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE"],
  ...["GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE"],
];

/** @throws Error with the first line of what git says */
async function git(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const unset = Object.fromEntries(repositoryVariables.map((name) => [name, undefined]));
  const { stdout, stderr, failed, shortMessage } = await execa("git", ["-C", folder, ...args], {
    env: { ...unset, GIT_OPTIONAL_LOCKS: "0", ...env },
    timeout: timeLimit,
    maxBuffer: 1 << 30,
    reject: false,
  });
  if (failed) throw new Error(stderr.trim().split("\n")[0] || shortMessage);
  return stdout;
}
