import * as pulumi from "@pulumi/pulumi";
import { BuildQueue } from "./build-queue";
import { checkedOutCommit } from "./commit";
import { type BuildRecord, defined, type PreviousBuild, previousBuilds } from "./previous-builds";

export interface BuildsOptions {
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The files and folders that images are made of, for telling whether a commit is all that they come from. */
  readonly paths: readonly string[];
  /** The bytes of an image `repository@sha256:…` in its registry; undefined where the registry does not have it. */
  readonly sizeOf: (ref: string) => Promise<number | undefined>;
}

/** What the layers of a stack share while they are built. */
export class Builds {
  readonly queue: BuildQueue;
  private readonly previous: Promise<ReadonlyMap<string, PreviousBuild>>;
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
   * @param done settles when the build ends, well or not
   * @returns when its turn came: milliseconds, as `Date.now()`
   */
  async begin(done: Promise<unknown>): Promise<number> {
    if (pulumi.runtime.isDryRun()) return Date.now();
    this.commit ??= checkedOutCommit(this.options.paths);
    return this.queue.turn(done);
  }

  /** What is known of a layer that was built now. @param began as `begin` returned it */
  async recordOf(layer: string, ref: string, began: number): Promise<BuildRecord> {
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    const sizeBytes = await this.options.sizeOf(ref).catch((error: Error) => {
      void pulumi.log.warn(`the size of ${layer} is not known: ${error.message}`);
      return undefined;
    });
    return defined({ seconds, sizeBytes, commit: await this.commit });
  }

  /** What is known of a layer that stays as it is. */
  async previousRecordOf(layer: string): Promise<BuildRecord> {
    return (await this.previous).get(layer)?.record ?? {};
  }
}
