import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Catalog, type CatalogLayer, surveyCatalog } from "../catalog/catalog";
import { InputError } from "../catalog/input-error";
import { readTextIfThere } from "../catalog/read-text";
import { readUpstreams } from "../catalog/upstreams";
import { changedPaths } from "../git/changed-paths";
import { CommitFiles } from "../git/commit-files";
import { git } from "../git/git";
import { type GitCommit, GitObjects } from "../git/objects";
import { StackConfig } from "../stack-config";
import { type FamilySettings, familySettings, identitiesOf, type Submodules } from "./family-at";
import type { KnownChanges } from "./known-changes";

/** Where a stack's family is read from, in the work tree and in each commit. */
export interface HistorySource {
  /** The project's folder, which all paths are relative to. @default the working directory */
  readonly folder?: string;
  /** Of a commit whose configuration does not say. @example "images" */
  readonly images: string;
  /** Of a commit whose configuration does not say. @example "upstreams.yaml" */
  readonly pinsFile: string;
  /** The stack's own file and the project's. @example ["Pulumi.dev.yaml", "Pulumi.yaml"] */
  readonly configFiles: readonly [own: string, project: string];
}

/** A family as of a commit. */
export interface FamilyAt {
  /** By name. */
  readonly layers: ReadonlyMap<string, CatalogLayer>;
  /** Of each layer of the commit what it is made of, at any depth. */
  readonly identities: ReadonlyMap<string, string>;
  /** For each layer the paths that it is read from: as long as none of them changes, it does not. */
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface LastChanges {
  /** By layer, the full id of the commit. */
  readonly found: ReadonlyMap<string, string>;
  /** The layers of which this clone, being shallow, cannot tell. */
  readonly unknown: readonly string[];
}

/** So many are kept, for commits that are come upon twice. */
const mostFamilies = 100;

/** So many commits are fetched at once. */
const mostAhead = 256;

/** Commits that have the same of a layer, and the one that is looked at. */
interface Group {
  readonly commit: GitCommit;
  /** Of this commit, these layers among others: all that it has here is so there. */
  readonly family: FamilyAt;
  readonly layers: readonly string[];
}

/** The commits of a repository as far as they are about a stack's family. */
export class FamilyHistory {
  private readonly families = new Map<string, Promise<FamilyAt>>();
  /** Outside the folder of the images: in the next commit most likely the same. */
  private readonly contexts = new Set<string>();

  private constructor(
    readonly root: string,
    /** The project's folder in the repository; empty where it is the top. */
    private readonly project: string,
    private readonly source: HistorySource,
    private readonly objects: GitObjects,
    /** Commits whose parents this clone does not have. */
    private readonly boundary: ReadonlySet<string>,
    /** The texts of configuration files that git does not have: they are the same for all commits. */
    private readonly untracked: ReadonlyMap<string, string | undefined>,
  ) {}

  /**
   * @param root the top of the work tree
   * @param starts the commits that are asked about: full ids
   */
  static async open(root: string, starts: readonly string[], source: HistorySource): Promise<FamilyHistory> {
    const folder = realpathSync(source.folder ?? ".");
    const objects = new GitObjects(root);
    try {
      const shallow = resolve(root, (await git(root, ["rev-parse", "--git-path", "shallow"])).replace(/\n$/, ""));
      const boundary = existsSync(shallow) ? readFileSync(shallow, "utf8").split("\n").filter(Boolean) : [];
      const project = relative(realpathSync(root), folder);
      const untracked = new Map<string, string | undefined>();
      for (const file of source.configFiles) {
        const isTracked = await Promise.all(
          starts.map(async (start) => {
            const files = new CommitFiles(objects, (await objects.commit(start)).tree);
            return (await files.fetched(() => files.find(join(project, file)))) !== undefined;
          }),
        );
        if (!isTracked.includes(true)) untracked.set(file, readTextIfThere(join(folder, file)));
      }
      return new FamilyHistory(root, project, source, objects, new Set(boundary), untracked);
    } catch (error) {
      objects.close();
      throw error;
    }
  }

  close(): void {
    this.objects.close();
  }

  /** All that identities depend on beside commits. */
  get setting(): unknown {
    const { images, pinsFile, configFiles } = this.source;
    return [this.project, images, pinsFile, configFiles, [...this.untracked]];
  }

  /** The files of a commit as git has them. */
  async filesOf(commit: string): Promise<CommitFiles> {
    return new CommitFiles(this.objects, (await this.objects.commit(commit)).tree);
  }

  /** The family as of a commit. @throws InputError where it has none that can be read */
  async catalogAt(commit: string): Promise<{ readonly catalog: Catalog; readonly settings: FamilySettings }> {
    const { catalog, settings } = await this.read((await this.objects.commit(commit)).tree);
    return { catalog, settings };
  }

  /** One that cannot be read is one of no layers. */
  async familyAt(commit: string): Promise<FamilyAt> {
    return this.familyIn((await this.objects.commit(commit)).tree);
  }

  /** @param near one of another commit: what is read from the same is not read again */
  private familyIn(tree: string, near?: Near): Promise<FamilyAt> {
    const known = this.families.get(tree);
    if (known) return known;
    const [oldest] = this.families.keys();
    if (oldest !== undefined && this.families.size >= mostFamilies) this.families.delete(oldest);
    const family = this.read(tree, near).then(
      async ({ catalog, settings, files, global }) => {
        const isSame = (name: string) => near?.isSame(name) ?? false;
        const read = catalog.filter(({ name }) => !isSame(name));
        const identities = new Map([...(near?.family.identities ?? [])].filter(([name]) => isSame(name)));
        return {
          layers: new Map(catalog.map((layer) => [layer.name, layer])),
          identities: identitiesOf(catalog, settings, await this.submodulesIn(read, files), identities),
          paths: pathsOf(catalog, global, near),
        };
      },
      (error) => {
        if (error instanceof InputError) return { layers: new Map(), identities: new Map(), paths: new Map() };
        throw error;
      },
    );
    this.families.set(tree, family);
    return family;
  }

  async parentsOf(commit: string): Promise<readonly string[]> {
    return this.boundary.has(commit) ? [] : (await this.objects.commit(commit)).parents;
  }

  /** By layer the submodules in its context. @param contextOf where that is in the repository */
  async submodulesIn(
    catalog: Catalog,
    files: CommitFiles,
    contextOf: (layer: CatalogLayer) => string = ({ context }) => context,
  ): Promise<Map<string, Submodules>> {
    const found = catalog.map(async (layer): Promise<[string, Submodules]> => {
      const folder = await files.fetched(() => files.find(contextOf(layer)));
      return [layer.name, folder?.kind === "folder" ? await this.objects.submodules(folder.id) : new Map()];
    });
    return new Map(await Promise.all(found));
  }

  /**
   * For each layer the commit that last changed what it is made of, or what one beneath it is: from a commit back, past every one that
   * has a parent with the same of the layer. Of several such parents the first is followed.
   *
   * @param start the full id of a commit
   * @param layers of that commit
   */
  async lastChanges(start: string, layers: readonly string[], known?: KnownChanges): Promise<LastChanges> {
    const found = new Map<string, string>();
    const unknown: string[] = [];
    const first = await this.objects.commit(start);
    const groups: Group[] = [{ commit: first, family: await this.familyIn(first.tree), layers }];
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      const { commit, family } = group;
      let left = group.layers.filter((layer) => {
        const answer = known?.of(commit.id, layer);
        if (answer !== undefined) found.set(layer, answer);
        return answer === undefined;
      });
      if (this.boundary.has(commit.id)) {
        unknown.push(...left);
        continue;
      }
      for (const id of left.length > 0 ? commit.parents : []) {
        await this.fetchAhead(id);
        const same = await this.sameIn(await this.objects.commit(id), { commit, family, layers: left });
        if (same.layers.length > 0) groups.push(same);
        left = left.filter((layer) => !same.layers.includes(layer));
        if (left.length === 0) break;
      }
      for (const layer of left) found.set(layer, commit.id);
    }
    known?.add(start, found);
    return { found, unknown };
  }

  /** Those layers of a group that a parent has the same of. */
  private async sameIn(parent: GitCommit, { commit, family, layers }: Group): Promise<Group> {
    const paths = new Set([...family.paths.values()].flatMap((own) => [...own]));
    const changed = await changedPaths(this.objects, parent.tree, commit.tree, paths);
    if (changed.size === 0) return { commit: parent, family, layers };
    const same = new Set(
      [...family.paths].flatMap(([name, own]) => ([...changed].some((path) => own.has(path)) ? [] : [name])),
    );
    const isSame = (layer: string) => same.has(layer);
    // Of other layers it has something else, which is not read as long as nobody asks.
    if (layers.every(isSame)) return { commit: parent, family: only(family, isSame), layers };
    const before = await this.familyIn(parent.tree, { family, isSame });
    const kept = layers.filter(
      (layer) => before.identities.has(layer) && before.identities.get(layer) === family.identities.get(layer),
    );
    return { commit: parent, family: before, layers: kept };
  }

  /** With what most are compared by, so that not each commit is a way there and back. */
  private async fetchAhead(from: string): Promise<void> {
    if (this.objects.knownCommit(from)) return;
    const listed = await git(this.root, ["rev-list", `--max-count=${mostAhead}`, from]);
    const commits = await Promise.all(
      listed
        .split("\n")
        .filter(Boolean)
        .map((id) => this.objects.commit(id)),
    );
    const images = join(this.project, this.source.images);
    await Promise.all(
      commits.map(async ({ tree }) => {
        const files = new CommitFiles(this.objects, tree);
        await files.fetched(() => files.list(images));
      }),
    );
  }

  private async read(tree: string, near?: Near): Promise<ReadFamily> {
    const files = new CommitFiles(this.objects, tree);
    const at = (path: string) => join(this.project, path);
    const { configFiles } = this.source;
    const text = (file: string) =>
      this.untracked.has(file) ? this.untracked.get(file) : readTextIfThere(at(file), files);
    const [own, project] = configFiles;
    const config = await files.fetched(
      () => new StackConfig({ file: own, text: text(own) }, { file: project, text: text(project) }),
    );
    const settings = familySettings(config);
    const images = at(String(config.get("images") ?? this.source.images));
    const pinsFile = at(String(config.get("upstreams") ?? this.source.pinsFile));
    await files.prefetch([images, ...this.contexts]);
    const survey = () =>
      surveyCatalog({
        images,
        root: this.project || ".",
        upstreams: readUpstreams(pinsFile, undefined, files),
        pinsFile,
        platforms: settings.platforms,
        system: files,
        known: (name) => (near?.isSame(name) ? near.family.layers.get(name) : undefined),
      });
    const { layers: catalog } = await files.fetched(survey);
    for (const { context } of catalog) if (!`${context}/`.startsWith(`${images}/`)) this.contexts.add(context);
    const paths = [pinsFile, ...configFiles.map(at), ...files.linked];
    return { catalog, settings, files, global: { images, paths } };
  }
}

/** A family of which that of another commit has some layers. */
interface Near {
  readonly family: FamilyAt;
  /** Whether all that a layer is read from is the same. */
  readonly isSame: (layer: string) => boolean;
}

function only(family: FamilyAt, isWanted: (layer: string) => boolean): FamilyAt {
  const some = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([name]) => isWanted(name)));
  return { layers: some(family.layers), identities: some(family.identities), paths: some(family.paths) };
}

interface ReadFamily {
  readonly catalog: Catalog;
  readonly settings: FamilySettings;
  readonly files: CommitFiles;
  readonly global: Global;
}

interface Global {
  readonly images: string;
  /** What every layer is read from. */
  readonly paths: readonly string[];
}

function pathsOf(catalog: Catalog, { images, paths }: Global, near?: Near): Map<string, ReadonlySet<string>> {
  const layers = new Map(catalog.map((layer) => [layer.name, layer]));
  const found = catalog.map(({ name }): [string, ReadonlySet<string>] => {
    const known = near?.isSame(name) ? near.family.paths.get(name) : undefined;
    if (known) return [name, known];
    // A folder that comes with the name of an upstream takes its place.
    const beneath = new Set([name]);
    for (const image of beneath) for (const needed of Object.keys(layers.get(image)?.needs ?? {})) beneath.add(needed);
    const contexts = [...beneath].flatMap((image) => layers.get(image)?.context ?? []);
    return [name, new Set([...paths, ...[...beneath].map((image) => join(images, image)), ...contexts])];
  });
  return new Map(found);
}
