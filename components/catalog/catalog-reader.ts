import { basename, dirname, join, relative } from "node:path";
import { buildArguments } from "./build-arguments";
import type { CatalogLayer, CatalogSource, CatalogSurvey } from "./catalog";
import { prefetchableStages } from "./dockerfile/prefetch";
import { type DockerfileReading, type ImageUse, readDockerfile, united } from "./dockerfile/reading";
import type { SecretUse, Trigger } from "./dockerfile/stages";
import { Disk, type FileSystem } from "./file-system";
import { type ContextFile, checkLinks, readContextFiles } from "./files";
import { IgnoreRules, readIgnoreRules } from "./ignore-rules";
import { familiar, readImageName } from "./image-name";
import { InputError } from "./input-error";
import { inBuildOrder, layerFolders, wrongNames } from "./layer-folders";
import { type Manifest, readManifest } from "./manifest";
import { checkLock, isLock, type PackageLock, packageLocks } from "./pins/locks";
import { runsAs } from "./platform";
import { readText } from "./read-text";
import { selectFiles } from "./selection";
import { foldersOf, type Only, Tree } from "./tree";
import { fullRepository, type Upstream, unpinned } from "./upstreams";

/** Reads one family, and gathers what is wrong with it on the way. */
export class CatalogReader {
  private readonly problems: InputError[] = [];
  private readonly names: readonly string[];
  private readonly readings = new Map<string, DockerfileReading | undefined>();
  private readonly manifests = new Map<string, Manifest>();
  private readonly trees = new Map<string, Tree>();
  private readonly system: FileSystem;
  private readonly root: string;
  private readonly only: Only | undefined;

  constructor(private readonly source: CatalogSource) {
    this.root = source.root ?? ".";
    this.system = source.system ?? new Disk(source.hashes);
    this.only = source.only && foldersOf(source.only);
    this.names = layerFolders(source.images, this.isThere, this.system);
  }

  read(): CatalogSurvey {
    for (const problem of wrongNames(this.names, this.source.images)) this.problems.push(problem);
    const layers = new Map(this.names.map((name) => [name, this.source.known?.(name) ?? this.readLayer(name)]));
    this.source.hashes?.save();
    const ordered = inBuildOrder(layers, (file, problem) => this.report(file, problem));
    for (const layer of ordered) this.checkPlatforms(layer, ordered);
    return { layers: ordered, problems: this.problems };
  }

  /** BuildKit itself would fail in the middle, or build on another platform's parent. */
  private checkPlatforms({ name, layers, needs }: CatalogLayer, all: readonly CatalogLayer[]): void {
    for (const parent of all.filter((other) => layers.includes(other.name))) {
      const needed = needs[parent.name]?.platforms ?? [];
      const missing = needed.filter((platform) => !parent.platforms.some((made) => runsAs(made, platform)));
      if (missing.length === 0) continue;
      this.report(
        join(this.source.images, name),
        `stands on ${parent.name}, which is not built for ${missing.join(", ")}; add it to the platforms there, or take it out here`,
      );
    }
  }

  private readLayer(name: string): CatalogLayer {
    const manifest = this.manifestOf(name);
    const read = this.readingOf(name);
    const reading = read ?? this.localised(unread(this.attempt(() => this.textOf(name)) ?? ""));
    const { images, base } = reading;
    for (const image of images) this.refuseLatest(image, name);
    for (const secret of reading.secrets) this.checkSecret(secret, name);
    const isLayer = (image: ImageUse) => this.isLayer(image, name);
    const layers = images.filter(isLayer).map((image) => image.name);
    return {
      name,
      description: manifest.description,
      context: this.contextOf(name, manifest),
      dockerfilePath: this.fileOf(name),
      dockerfile: reading.text,
      dockerfileLines: reading.lines,
      files: this.filesOf(name, manifest, reading),
      inherited: reading.inherited,
      layers,
      upstreams: images.filter((image) => !isLayer(image)).map((image) => this.upstreamOf(image, name)),
      runsInside: [...reading.runsInside].sort(),
      runsCommands: reading.runsCommands,
      stageBases: layers.filter((layer) => reading.stages.some(({ changes }) => changes === layer)),
      prefetch: prefetchableStages(reading.stages, (image) => layers.includes(image)),
      secrets: reading.secrets,
      needs: Object.fromEntries(images.map(({ name, platforms, ofBuilder }) => [name, { platforms, ofBuilder }])),
      commandPlatforms: reading.commandPlatforms,
      base,
      packageLocks: this.locksOf(name, manifest, reading),
      arguments: manifest.arguments ?? {},
      platforms: this.platformsOf(manifest),
      testPlatforms: this.testPlatformsOf(name, manifest),
      sizeBudget: manifest.sizeBudget,
      timestamps: manifest.timestamps,
      rebuild: manifest.rebuild ?? 0,
      readable: read !== undefined,
    };
  }

  private testPlatformsOf(name: string, manifest: Manifest): readonly string[] {
    const platforms = manifest.platforms ?? this.source.platforms;
    const testPlatforms = manifest.testPlatforms ?? platforms;
    for (const platform of testPlatforms.filter((tested) => !platforms.includes(tested))) {
      this.report(
        join(this.source.images, name, "image.yaml"),
        `testPlatforms: ${name} is not built for ${platform}; take it out, or add it to the platforms`,
      );
    }
    return testPlatforms;
  }

  /** A step that can do without a secret runs without. */
  private checkSecret({ id, required, line }: SecretUse, layer: string): void {
    if (!required || !this.source.secrets || this.source.secrets.has(id)) return;
    const how = `set it with: pulumi config set --secret --path 'strata:secrets["${id}"]'`;
    this.report(`${this.fileOf(layer)}:${line}`, `needs the secret ${id}; ${how}`);
  }

  /** With a prefix only names under it, and never a layer's own, which is then a mirror's or what it is made from. */
  private isLayer(image: ImageUse, layer: string): boolean {
    if (!this.names.includes(image.name)) return false;
    return !this.source.prefix || (image.name !== layer && image.written !== image.name);
  }

  /** Undefined for one that cannot be read, and while it is being read. */
  private readingOf(name: string): DockerfileReading | undefined {
    if (this.readings.has(name)) return this.readings.get(name);
    this.readings.set(name, undefined);
    const manifest = this.manifestOf(name);
    const file = this.fileOf(name);
    const reading = this.attempt(() =>
      readDockerfile(this.textOf(name), file, {
        arguments: { ...buildArguments, ...manifest.arguments },
        platforms: this.platformsOf(manifest),
        triggersOf: (image) => this.triggersOf(image),
        refuse: (problem) => this.add(problem),
      }),
    );
    this.readings.set(name, reading && this.localised(reading));
    for (const argument of Object.keys(manifest.arguments ?? {})) {
      if (!reading || reading.declared.has(argument)) continue;
      this.report(
        join(this.source.images, name, "image.yaml"),
        `arguments.${argument}: the Dockerfile has no ARG ${argument}; correct the name, or remove the key`,
      );
    }
    return this.readings.get(name);
  }

  /** With the folder's own images by their folders' names. */
  private localised(reading: DockerfileReading): DockerfileReading {
    if (!this.source.prefix) return reading;
    const images = reading.images.map((image) => ({ ...image, name: this.localName(image.name) }));
    return {
      ...reading,
      images: united(images),
      base: reading.base === undefined ? undefined : this.localName(reading.base),
      runsInside: new Set([...reading.runsInside].map((image) => this.localName(image))),
      stages: reading.stages.map((stage) => ({
        ...stage,
        images: stage.images.map((image) => this.localName(image)),
        changes: stage.changes === undefined ? undefined : this.localName(stage.changes),
      })),
    };
  }

  private localName(image: string): string {
    const read = readImageName(image);
    const prefix = readImageName(`${this.source.prefix}/x`)?.repository.slice(0, -1) ?? "";
    const name = read?.repository.startsWith(prefix) ? read.repository.slice(prefix.length) : "";
    return this.names.includes(name) ? name : image;
  }

  /** Nobody knows the triggers of an upstream without fetching it; images that exist for theirs have onbuild in the tag. */
  private triggersOf(image: string): readonly Trigger[] | undefined {
    const layer = this.source.prefix ? this.localName(image) : image;
    if (this.names.includes(layer)) return this.readingOf(layer)?.triggers ?? [];
    return readImageName(image)?.tag?.includes("onbuild") ? undefined : [];
  }

  private filesOf(name: string, manifest: Manifest, reading: DockerfileReading): ContextFile[] {
    const context = this.contextOf(name, manifest);
    const file = this.fileOf(name);
    const tree = this.treeOf(context);
    const rules = this.attempt(() => readIgnoreRules(file, context, this.isThere, this.system)) ?? new IgnoreRules([]);
    const selection = selectFiles(tree, reading.sources, rules);
    for (const { path, line } of selection.missing) {
      // It is made from the list beside it, and locksOf says how.
      if (isLock(path, context, this.system) && this.system.kindOf(join(context, path)) === undefined) continue;
      // checkLinks tells of these.
      if (tree.kindOf(path) === "link") continue;
      this.report(
        `${file}:${line}`,
        `there is no "${path}" in the build context ${context}; correct the path, add the file, or do not ignore it`,
      );
    }
    const files = this.attempt(() => readContextFiles(tree, selection)) ?? [];
    this.attempt(() => checkLinks(tree, files, rules));
    return files;
  }

  private locksOf(name: string, manifest: Manifest, reading: DockerfileReading): readonly PackageLock[] {
    const locks = this.attempt(() =>
      packageLocks(reading.sources, this.contextOf(name, manifest), this.fileOf(name), this.system),
    );
    for (const lock of locks ?? []) this.attempt(() => checkLock(lock, this.system));
    return locks ?? [];
  }

  /** A tag that moves names another image tomorrow. */
  private refuseLatest({ name, written, line }: ImageUse, layer: string): void {
    const read = readImageName(written);
    const place = `${this.fileOf(layer)}:${line}`;
    if (this.source.pinsFile === undefined || read?.digest || (read?.tag ?? "latest") !== "latest") return;
    if (read?.tag === "latest") {
      this.report(place, `"${written}" has the tag latest, which moves; name a version, or a layer without a tag`);
    } else if (!this.names.includes(name)) {
      this.report(
        place,
        `"${written}" is no layer (${this.someNames()}), and an upstream without a tag moves; correct the name, or give it a tag`,
      );
    }
  }

  private upstreamOf({ name, line }: ImageUse, layer: string): Upstream {
    const digest = readImageName(name)?.digest;
    if (digest) return { name, ref: `${fullRepository(name)}@${digest}`, digest, standIn: false };
    const upstream = this.source.upstreams.get(name);
    if (upstream) return upstream;
    if (this.source.pinsFile !== undefined && readImageName(name)?.tag !== undefined) {
      this.report(
        `${this.fileOf(layer)}:${line}`,
        `"${name}" is neither a layer (${this.someNames()}) nor pinned; correct the name, or pin it in ${this.source.pinsFile} to the digest that regctl image digest ${name} prints`,
      );
    }
    return { name, ref: name, digest: unpinned, standIn: false };
  }

  private someNames(): string {
    const most = 8;
    return this.names.length > most ? `${this.names.slice(0, most).join(", ")}, …` : this.names.join(", ");
  }

  private contextOf(name: string, manifest: Manifest): string {
    const own = join(this.source.images, name);
    if (manifest.context === undefined) return own;
    const context = join(this.root, manifest.context);
    const place = join(own, "image.yaml");
    if (this.system.kindOf(context) !== "folder") {
      this.report(place, `context: there is no folder ${context}; it is relative to the repository's root`);
      return own;
    }
    if (`${relative(this.system.realPath(this.root), this.system.realPath(context))}/`.startsWith("../")) {
      this.report(place, `context: ${context} leads out of the repository`);
      return own;
    }
    return context;
  }

  /** Sorted, since their order says nothing, but the nodes of a builder make another digest of another one. */
  private platformsOf(manifest: Manifest): string[] {
    return [...new Set(manifest.platforms ?? this.source.platforms)].sort();
  }

  private treeOf(context: string): Tree {
    let tree = this.trees.get(context);
    if (!tree) {
      tree = new Tree(context, this.only, relative(this.root, context), this.system);
      this.trees.set(context, tree);
    }
    return tree;
  }

  private manifestOf(name: string): Manifest {
    let manifest = this.manifests.get(name);
    if (!manifest) {
      manifest = this.attempt(() => readManifest(join(this.source.images, name, "image.yaml"), this.system)) ?? {};
      this.manifests.set(name, manifest);
    }
    return manifest;
  }

  private textOf(name: string): string {
    return readText(this.fileOf(name), this.system);
  }

  /** Whether a file counts, which one that git ignores may not. */
  private readonly isThere = (file: string): boolean => {
    if (!this.only) return true;
    const path = relative(this.root, file);
    return this.only.get(dirname(path))?.has(basename(path)) ?? false;
  };

  private fileOf(name: string): string {
    return join(this.source.images, name, "Dockerfile");
  }

  private attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.add(error);
      return undefined;
    }
  }

  private report(place: string, problem: string): void {
    this.add(new InputError(place, problem));
  }

  /** Once, though each platform may tell of it. */
  private add(problem: InputError): void {
    if (!this.problems.some(({ message }) => message === problem.message)) this.problems.push(problem);
  }
}

/** What is known of a Dockerfile that cannot be read. */
function unread(text: string): DockerfileReading {
  const stages = new Set([...text.matchAll(/^\s*FROM\s.*\sAS\s+(\S+)/gim)].map(([, stage]) => stage?.toLowerCase()));
  const named = [...text.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)|(?:--|,|=)from=([^\s,]+)/gim)]
    .map(([, base, from]) => (base ?? from) as string)
    .filter((name) => readImageName(name) && !stages.has(name.toLowerCase()) && !/^(?:scratch|\d+)$/.test(name))
    .map((written) => ({ name: familiar(written, ""), written, line: 1, platforms: [], ofBuilder: false }));
  return {
    text,
    lines: text.split("\n").map((_, index) => index + 1),
    images: united(named),
    sources: [{ path: "", line: 1, base: undefined }],
    base: undefined,
    runsInside: new Set(named.map(({ name }) => name)),
    runsCommands: true,
    secrets: [],
    stages: [],
    commandPlatforms: [],
    declared: new Set(),
    triggers: [],
    inherited: [],
  };
}
