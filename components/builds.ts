import * as pulumi from "@pulumi/pulumi";
import { BuildQueue } from "./build-queue";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import { checkedOutCommit } from "./commit";
import { preflight } from "./preflight";
import { type BuildKey, type BuildRecord, type Previous, type PreviousTest, previous } from "./previous-builds";
import type { FilesystemLayer } from "./registry";
import { checkSize } from "./size-budget";

/** What is asked of the builder and of registries; undefined for what they do not tell. */
export interface Ask {
  /** What a builder can run. @param builder a buildx builder */
  readonly builderPlatforms: (builder: string) => Promise<readonly string[] | undefined>;
  /** @param ref `repository@sha256:…` */
  readonly imagePlatforms: (ref: string) => Promise<readonly string[] | undefined>;
  /** In bytes. @param ref `repository@sha256:…` */
  readonly imageSize: (ref: string) => Promise<number | undefined>;
  /** In bytes, what an image adds to another one. @param base `repository@sha256:…`, or empty for `scratch` */
  readonly addedSize: (ref: string, base: string) => Promise<number | undefined>;
  /** The filesystem layers that it adds. */
  readonly addedLayers: (
    ref: string,
    base: string,
    options: { readonly steps: boolean },
  ) => Promise<readonly FilesystemLayer[] | undefined>;
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
  private readonly previous: Promise<Previous>;
  private readonly checks = new Map<string, Promise<readonly InputError[]>>();
  private readonly answers = new Map<string, Promise<readonly string[] | undefined>>();
  private commit: Promise<string | undefined> | undefined;

  constructor(private readonly options: BuildsOptions) {
    this.queue = new BuildQueue(options.parallel);
    this.previous = previous();
  }

  /** Whether an update builds a layer. */
  async willBuild(layer: string, { tag, builder, context }: BuildKey): Promise<boolean> {
    const last = (await this.previous).builds.get(layer);
    return last?.tag !== tag || last.builder !== builder || last.context !== context;
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
   * What is known of a layer, whether it was built now or stays as it is.
   *
   * @param began as `begin` returned it; undefined for a layer that stays
   * @param base `repository@sha256:…` of what it stands on, empty for `scratch`; undefined where what it adds need not be known
   */
  async recordOf(layer: string, { ref, began, base }: Built): Promise<BuildRecord> {
    const { imageSize, addedSize } = this.options.ask;
    const recorded = (await this.previous).builds.get(layer)?.record ?? {};
    const known: BuildRecord =
      began === undefined
        ? recorded
        : { seconds: Math.round((Date.now() - began) / 100) / 10, commit: await this.commit };
    const asksAdded = base !== undefined && known.addedBytes === undefined;
    // A preview of what stays as it is asks no registry for what nobody compares.
    const asksSize = known.sizeBytes === undefined && (began !== undefined || !pulumi.runtime.isDryRun());
    const [addedBytes, sizeBytes] = await Promise.all([
      asksAdded ? this.asked(layer, () => addedSize(ref, base)) : known.addedBytes,
      asksSize ? this.asked(layer, () => imageSize(ref)) : known.sizeBytes,
    ]);
    return { ...known, addedBytes, sizeBytes };
  }

  /**
   * Says what is wrong with an image that adds more than its budget.
   *
   * @param base `repository@sha256:…` of what it stands on, empty for `scratch`
   */
  overBudget(
    layer: CatalogLayer,
    ref: string,
    base: string,
    { addedBytes }: BuildRecord,
  ): Promise<InputError | undefined> {
    const { addedLayers } = this.options.ask;
    return checkSize(layer, addedBytes, async () => (await addedLayers(ref, base, { steps: true })) ?? []);
  }

  private asked(layer: string, ask: () => Promise<number | undefined>): Promise<number | undefined> {
    return ask().catch((error: Error) => {
      void pulumi.log.warn(`the size of ${layer} is not known: ${error.message}`);
      return undefined;
    });
  }
}

interface Built {
  readonly ref: string;
  readonly began: number | undefined;
  readonly base: string | undefined;
}

function memoized<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}
