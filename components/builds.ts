import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { BuildQueue } from "./build-queue";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import type { Digests } from "./catalog/reasons";
import { checkedOutCommit } from "./commit";
import { addedSize, type FilesystemLayer, type ImageLayers, mostAdded, withoutThose } from "./image";
import { type mountBlobs, mountLimit } from "./mount";
import { repositoryOf } from "./oci";
import { lookUp, type UpstreamAhead } from "./prefetch";
import { preflight } from "./preflight";
import {
  type BuildKey,
  type BuildRecord,
  type Previous,
  type PreviousBuild,
  type PreviousTest,
  previous,
} from "./previous-builds";
import { hostOf } from "./registry";
import { checkSize } from "./size-budget";
import { checkTimestamps, newestAdded, type newestFile } from "./timestamps";
import { kindOf, type LastUpdate, Update } from "./update";

/** What is asked of the builder and of registries; undefined for what they do not tell. */
export interface Ask {
  /** What a builder can run. @param builder a buildx builder */
  readonly builderPlatforms: (builder: string) => Promise<readonly string[] | undefined>;
  /** @param ref `repository@sha256:…` */
  readonly imagePlatforms: (ref: string) => Promise<readonly string[] | undefined>;
  /** @param ref `repository@sha256:…` */
  readonly imageLayers: (ref: string) => Promise<ImageLayers | undefined>;
  /** The filesystem layers that an image adds to another one. @param base `repository@sha256:…`, or empty for `scratch` */
  readonly addedLayers: (
    ref: string,
    base: string,
    options: { readonly steps: boolean },
  ) => Promise<readonly FilesystemLayer[] | undefined>;
  readonly mountBlobs: typeof mountBlobs;
  readonly newestFile: typeof newestFile;
}

/** In bytes. To send what is smaller takes about as long as to ask for it. */
const worthMounting = 4 * 1024 * 1024;

export interface BuildsOptions {
  /** The buildx builder. */
  readonly builder: string;
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The files and folders that images are made of, for telling whether a commit is all that they come from. */
  readonly paths: readonly string[];
  /** The files among them that images are built from. */
  readonly files: readonly string[];
  readonly ask: Ask;
}

/** Stages of a layer that may be built while what is beneath it is. */
export interface StagesAhead {
  readonly layer: string;
  /** All layers that it stands on or takes files from, at any depth. */
  readonly beneath: readonly string[];
  readonly upstreams: readonly UpstreamAhead[];
}

/** What the layers of a stack share while they are built. */
export class Builds {
  readonly queue: BuildQueue;
  readonly update: Update;
  private readonly previous: Promise<Previous>;
  private readonly checks = new Map<string, Promise<readonly InputError[]>>();
  private readonly answers = new Map<string, Promise<readonly string[] | undefined>>();
  private readonly images = new Map<string, Promise<ImageLayers | undefined>>();
  private readonly ahead: StagesAhead[] = [];
  private due: Promise<readonly StagesAhead[]> | undefined;
  private lookedUp: Promise<unknown> | undefined;
  private commit: Promise<string | undefined> | undefined;
  private registryMounts = true;

  constructor(private readonly options: BuildsOptions) {
    this.queue = new BuildQueue(options.parallel);
    this.update = new Update(options.parallel);
    this.previous = previous();
  }

  /** Whether an update builds a layer. */
  async willBuild(layer: string, { tag, builder, context }: BuildKey): Promise<boolean> {
    const last = (await this.previous).builds.get(layer);
    return last?.tag !== tag || last.builder !== builder || last.context !== context;
  }

  /** Has the upstreams of a layer's stages looked up before anything beneath it is built, where the stages are built ahead. */
  lookUpBefore(ahead: StagesAhead): void {
    this.ahead.push(ahead);
  }

  /**
   * Whether a layer changes by itself. What one that does not has built of its stages is in its cache: to build them ahead gains nothing, and
   * where a stage of a layer beneath has the same steps, BuildKit looks for them in the caches of the build alone that was there first, and so
   * runs what follows them again.
   */
  async changesByItself(layer: string): Promise<boolean> {
    return this.update.changesByItself(layer, (await this.previous).builds.get(layer));
  }

  /** All upstreams that are looked up at all, at once and each once. */
  private async lookUpAhead(layer: string): Promise<void> {
    this.due ??= Promise.all(
      this.ahead.map(async (ahead) => ((await this.changesByItself(ahead.layer)) ? [ahead] : [])),
    ).then((found) => found.flat());
    const due = await this.due;
    if (!due.some(({ beneath }) => beneath.includes(layer))) return;
    const upstreams = due.flatMap(({ upstreams }) => upstreams);
    const distinct = new Map(upstreams.map((one) => [`${one.ref} ${one.platforms.join()}`, one]));
    this.lookedUp ??= lookUp(this.options.builder, [...distinct.values()]).catch(() => {});
    await this.lookedUp;
  }

  /**
   * Waits until a layer may be built; a preview waits for nothing.
   *
   * @param planned the layer, and those above it, which are most likely built too: what would keep these from it is told now
   * @param done settles when the build ends, well or not
   * @returns when its turn came: milliseconds, as `Date.now()`. Never, where the builder or an image beneath lacks a platform, which
   *   ends the program
   */
  async begin(planned: readonly CatalogLayer[], done: Promise<unknown>): Promise<number> {
    const problems = (await Promise.all(planned.map((layer) => this.check(layer)))).flat();
    if (pulumi.runtime.isDryRun()) return Date.now();
    if (problems.length > 0) return new Promise(() => {});
    await this.lookUpAhead(planned[0]?.name ?? "");
    this.commit ??= checkedOutCommit(this.options.paths, ".", this.options.files);
    return this.queue.turn(done);
  }

  /**
   * Has the registry give a layer's repository what one beneath brings that the layer's last image had not: BuildKit (0.31) would send it
   * there once more. Where that fails it does, and no layer that begins later tries (docs/decisions/0022-mounts.md).
   *
   * @param beneath a layer of this stack or one that it reuses, `repository@sha256:…`
   * @param repository where the layer goes
   */
  async mount(layer: string, beneath: string, repository: string): Promise<void> {
    const from = repositoryOf(beneath);
    const mayMount = from !== repository && hostOf(from) === hostOf(repository);
    if (!this.registryMounts || !mayMount || pulumi.runtime.isDryRun()) return;
    const last = (await this.previous).builds.get(layer);
    const lastHere = last?.tag.startsWith(`${repository}:`) ? last : undefined;
    if (Object.values(lastHere?.parents ?? {}).includes(beneath.slice(from.length + 1))) return;
    const late = sleep(mountLimit, undefined, { ref: false }).then(() => {
      throw new Error(`no answer within ${mountLimit / 1000} s`);
    });
    try {
      await Promise.race([this.mountBrought(beneath, repository, lastHere?.digest), late]);
    } catch (error) {
      this.registryMounts = false;
      void pulumi.log.debug(`${from} is not mounted into ${repository}: ${(error as Error).message}`);
    }
  }

  private async mountBrought(beneath: string, repository: string, last: string | undefined): Promise<void> {
    const before = last === undefined ? "" : `${repository}@${last}`;
    const [brought, had] = await Promise.all([this.filesystemLayersOf(beneath), this.filesystemLayersOf(before)]);
    const large = withoutThose(brought?.flat() ?? [], had ?? []).filter(({ size }) => size >= worthMounting);
    const digests = large.map(({ digest }) => digest);
    await this.options.ask.mountBlobs(digests, repositoryOf(beneath), repository);
  }

  /** Tells of each problem once, however many layers come upon it. */
  private check(layer: CatalogLayer): Promise<readonly InputError[]> {
    return memoized(this.checks, layer.name, async () => {
      const problems = await this.problemsOf(layer);
      // What nobody catches ends the program, and is printed as it is. Given to a resource, each that needs it would tell it anew.
      if (problems.length > 0) void Promise.reject(InputError.of(problems));
      return problems;
    });
  }

  private async problemsOf(layer: CatalogLayer): Promise<InputError[]> {
    const { builder, ask } = this.options;
    const asksBuilder =
      layer.commandPlatforms.length > 0 ||
      layer.testPlatforms.length > 0 ||
      Object.values(layer.needs).some(({ ofBuilder }) => ofBuilder);
    const builderPlatforms = asksBuilder ? memoized(this.answers, "", () => ask.builderPlatforms(builder)) : undefined;
    const images = layer.upstreams.map(async ({ name, ref }) => {
      return [name, await memoized(this.answers, ref, () => ask.imagePlatforms(ref))] as const;
    });
    const outside = {
      builder,
      builderPlatforms: await builderPlatforms,
      imagePlatforms: new Map(await Promise.all(images)),
    };
    return preflight(layer, outside);
  }

  /** Whether an update runs the tests of a layer's image: not where the same have passed. */
  async willTest(layer: string, test: PreviousTest): Promise<boolean> {
    const passed = (await this.previous).tests.get(layer);
    return passed?.image !== test.image || passed.context !== test.context;
  }

  /**
   * What is known of a layer, whether it was built now or stays as it is. Its sizes are read at once with all that they are compared
   * with, each image once.
   */
  async recordOf(layer: string, built: Built): Promise<BuildRecord> {
    const { ref, began, base, sized, timed, parents, leftOut } = built;
    const ended = Date.now();
    const last = (await this.previous).builds.get(layer);
    const { seconds, commit, sizeBytes, addedBytes, newest, ...efforts } = last?.record ?? {};
    if (leftOut) this.update.leaveOut(layer);
    if (began === undefined || leftOut) {
      const isUntimed = timed && !leftOut && newest === undefined && !pulumi.runtime.isDryRun();
      const missing = isUntimed || (sized && addedBytes === undefined);
      // A preview of what stays as it is asks no registry for what nobody compares.
      if (!missing && (sizeBytes !== undefined || pulumi.runtime.isDryRun())) return last?.record ?? {};
      const { total, added } = await this.sizesOf(layer, ref, sized ? base : "");
      return {
        ...last?.record,
        sizeBytes: sizeBytes ?? total,
        ...(sized ? { addedBytes: addedBytes ?? added } : {}),
        ...(isUntimed ? { newest: await this.newestIn(layer, built, undefined) } : {}),
      };
    }
    const before = last && `${ref.slice(0, ref.lastIndexOf("@"))}@${last.digest}`;
    const { total, added, pushed } = await this.sizesOf(layer, ref, base, before);
    const took = Math.round((ended - began) / 100) / 10;
    const action = this.update.actionOn(layer, parents, last);
    const record: BuildRecord = {
      ...efforts,
      seconds: took,
      commit: await this.commit,
      sizeBytes: total,
      ...(sized ? { addedBytes: added } : {}),
      ...(timed ? { newest: await this.newestIn(layer, built, last) } : {}),
      [kindOf(action)]: { seconds: took, bytes: pushed },
    };
    this.update.done(layer, { action, began, ended, record });
    return record;
  }

  /** What this update was expected to do and did; of a preview, and of one that builds nothing, what the last one that built did. */
  async lastUpdate(): Promise<LastUpdate | undefined> {
    const last = await this.previous;
    return pulumi.runtime.isDryRun() ? last.lastUpdate : this.update.summary(last);
  }

  /** @param before what the layer's image was before; what it has is not pushed again */
  private async sizesOf(layer: string, ref: string, base: string, before = ""): Promise<Sizes> {
    try {
      const [image, beneath, old] = await Promise.all(
        [ref, base, before].map((image) => this.filesystemLayersOf(image)),
      );
      if (!image) return {};
      const total = addedSize(image, []);
      if (!beneath) return { total };
      return { total, added: mostAdded(image, beneath), pushed: addedSize(image, [...beneath, ...(old ?? [])]) };
    } catch (error) {
      void pulumi.log.warn(`the size of ${layer} is not known: ${(error as Error).message}`);
      return {};
    }
  }

  /** The newest file that an image adds to its base; undefined, and told, where that cannot be found out. */
  private async newestIn(layer: string, { ref, base }: Built, last: PreviousBuild | undefined) {
    const newest = last?.record.newest;
    const before = last && newest ? { ref: `${repositoryOf(ref)}@${last.digest}`, newest } : undefined;
    const layersOf = (ref: string) => this.filesystemLayersOf(ref);
    try {
      return await newestAdded(ref, base, before, { layersOf, newestFile: this.options.ask.newestFile });
    } catch (error) {
      void pulumi.log.warn(`whether the times in ${layer} are constant is not known: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Of an image that several ask for each is read once. @param ref `repository@sha256:…`, or empty for `scratch` */
  private async filesystemLayersOf(ref: string): Promise<ImageLayers | undefined> {
    return ref === "" ? [] : memoized(this.images, ref, () => this.options.ask.imageLayers(ref));
  }

  /**
   * Says what is wrong with an image that is not what its image.yaml promises: that it adds more than its budget, or other times in each build.
   *
   * @param base `repository@sha256:…` of what it stands on, empty for `scratch`
   */
  async wrongWith(
    layer: CatalogLayer,
    ref: string,
    base: string,
    { addedBytes, newest }: BuildRecord,
  ): Promise<InputError[]> {
    const { addedLayers } = this.options.ask;
    const size = checkSize(layer, addedBytes, async () => (await addedLayers(ref, base, { steps: true })) ?? []);
    return [await size, checkTimestamps(layer, newest)].filter((problem) => problem !== undefined);
  }
}

interface Built {
  /** `repository@sha256:…` */
  readonly ref: string;
  /** As `begin` returned it; undefined for a layer that stays. */
  readonly began: number | undefined;
  /** Where what it stands on is, `repository@sha256:…`; empty for `scratch`. */
  readonly base: string;
  /** Whether what it adds to that must be known. */
  readonly sized: boolean;
  /** Whether the times of what it adds must be known. */
  readonly timed: boolean;
  /** The digests that it is built on. */
  readonly parents: Digests;
  /** Whether it is still the image of before though it changes, as in an update that has other targets. */
  readonly leftOut: boolean;
}

/** In bytes, as far as they are known. */
interface Sizes {
  readonly total?: number;
  readonly added?: number;
  readonly pushed?: number;
}

function memoized<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  // What failed may be asked again.
  found.catch(() => known.delete(key));
  return found;
}
