import * as pulumi from "@pulumi/pulumi";
import { BuildQueue } from "./build-queue";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import { checkedOutCommit } from "./commit";
import { preflight } from "./preflight";
import { type BuildRecord, type PreviousBuild, previousBuilds } from "./previous-builds";

/** What is asked of the builder and of registries; undefined for what they do not tell. */
export interface Ask {
  /** What a builder can run. @param builder a buildx builder */
  readonly builderPlatforms: (builder: string) => Promise<readonly string[] | undefined>;
  /** @param ref `repository@sha256:…` */
  readonly imagePlatforms: (ref: string) => Promise<readonly string[] | undefined>;
  /** In bytes. @param ref `repository@sha256:…` */
  readonly imageSize: (ref: string) => Promise<number | undefined>;
}

export interface BuildsOptions {
  /** The buildx builder. */
  readonly builder: string;
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The files and folders that images are made of, for telling whether a commit is all that they come from. */
  readonly paths: readonly string[];
  readonly ask: Ask;
}

/** What the layers of a stack share while they are built. */
export class Builds {
  readonly queue: BuildQueue;
  private readonly previous: Promise<ReadonlyMap<string, PreviousBuild>>;
  private readonly checks = new Map<string, Promise<readonly InputError[]>>();
  private readonly answers = new Map<string, Promise<readonly string[] | undefined>>();
  private commit: Promise<string | undefined> | undefined;

  constructor(private readonly options: BuildsOptions) {
    this.queue = new BuildQueue(options.parallel);
    this.previous = previousBuilds();
  }

  /** Whether an update builds a layer. @param tag `repository:tag`, which tells of all that the image is made of */
  async willBuild(layer: string, tag: string): Promise<boolean> {
    return (await this.previous).get(layer)?.tag !== tag;
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
    this.commit ??= checkedOutCommit(this.options.paths);
    return this.queue.turn(done);
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
      layer.commandPlatforms.length > 0 || Object.values(layer.needs).some(({ ofBuilder }) => ofBuilder);
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

  /** What is known of a layer that was built now. @param began as `begin` returned it */
  async recordOf(layer: string, ref: string, began: number): Promise<BuildRecord> {
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    const sizeBytes = await this.options.ask.imageSize(ref).catch((error: Error) => {
      void pulumi.log.warn(`the size of ${layer} is not known: ${error.message}`);
      return undefined;
    });
    return { seconds, sizeBytes, commit: await this.commit };
  }

  /** What is known of a layer that stays as it is. */
  async previousRecordOf(layer: string): Promise<BuildRecord> {
    return (await this.previous).get(layer)?.record ?? {};
  }
}

function memoized<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}
