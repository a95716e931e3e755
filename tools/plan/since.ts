import { existsSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { type Catalog, type CatalogSource, type CatalogSurvey, surveyCatalog } from "../../components/catalog/catalog";
import { diffCatalogs, type LayerChange } from "../../components/catalog/diff";
import { disk, type FileSystem } from "../../components/catalog/file-system";
import { InputError } from "../../components/catalog/input-error";
import { readUpstreams, unpinned } from "../../components/catalog/upstreams";
import { CommitFiles } from "../../components/git/commit-files";
import { commitAt, commitNamed, git, repositoryOf } from "../../components/git/git";
import { GitObjects } from "../../components/git/objects";
import { WorkTree } from "../../components/git/work-tree";

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
  const root = await repositoryOf(folder);
  if (root === undefined) throw new InputError(images, "is in no git repository");
  const commit = await commitOf(root, since);
  const listed = await git(root, ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
  const path = relative(root, folder);
  const only = new Set(listed.split("\0"));
  const objects = new GitObjects(root);
  try {
    const now = survey(sourceAt(root, path, { ...options, only }));
    const layers = await (await WorkTree.open(root, await headFiles(root, objects))).asInGit(now.layers);
    const before = await surveyBefore(objects, commit, path, options, since);
    return planOf(commit, before, { ...now, layers }, [
      ...before.warnings,
      // People know the folder by the name that they gave it.
      ...now.problems.map(({ message }) => message.replaceAll(join(root, path), () => images)),
      ...(await submodulesIn(root, now)),
      ...hints(now, options.prefix),
    ]);
  } finally {
    objects.close();
  }
}

function planOf(commit: string, before: Before, now: CatalogSurvey, warnings: readonly string[]): SincePlan {
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
    if (base !== "") return base.trim();
  }
  return commitAt(root, since, "--since");
}

/** What is read from disk or from a commit, each with paths of its own. */
function sourceAt(
  root: string,
  path: string,
  options: Pick<CatalogSource, "prefix" | "only">,
  system: FileSystem = disk,
): CatalogSource {
  const file = join(root, pinsFile);
  const isPinned = system.kindOf(file) !== undefined;
  return {
    images: join(root, path),
    root,
    upstreams: isPinned ? readUpstreams(file, undefined, system) : new Map(),
    pinsFile: isPinned ? pinsFile : undefined,
    // Nobody says what another project's images are built for, so that a source with a variable for it is read for both.
    platforms: ["linux/amd64", "linux/arm64"],
    system,
    ...options,
  };
}

/** A folder that is not there is a family of none. */
function survey(source: CatalogSource): CatalogSurvey {
  return source.system?.kindOf(source.images) === undefined ? { layers: [], problems: [] } : surveyCatalog(source);
}

/** A branch may have no commit yet. */
async function headFiles(root: string, objects: GitObjects): Promise<CommitFiles> {
  const head = await commitNamed(root, "HEAD");
  const empty = () => git(root, ["hash-object", "-t", "tree", "--stdin"]);
  return new CommitFiles(objects, head === undefined ? (await empty()).trim() : (await objects.commit(head)).tree);
}

interface Before {
  readonly layers: Catalog;
  readonly warnings: readonly string[];
}

/** A family that could not be read then is one of none: that it can be read now is what counts. */
async function surveyBefore(
  objects: GitObjects,
  commit: string,
  path: string,
  options: SinceOptions,
  since: string,
): Promise<Before> {
  const files = new CommitFiles(objects, (await objects.commit(commit)).tree);
  await files.prefetch([path]);
  try {
    const { layers } = await files.fetched(() => survey(sourceAt(".", path, options, files)));
    return { layers, warnings: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {
      layers: [],
      warnings: [`the images cannot be read as of ${since}, so that all are new: ${error.message}`],
    };
  }
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
