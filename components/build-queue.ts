import pLimit from "p-limit";

/** What a build that has its turn must tell when it ends, well or not. */
export type Done = Promise<unknown>;

/**
 * Lets builds begin, so many at a time, in the order in which they become ready. Pulumi itself would begin as many as there are
 * resources to make at once.
 */
export class BuildQueue {
  private readonly limit: ReturnType<typeof pLimit>;

  /** @param parallel how many builds may run at once, 1 or more */
  constructor(parallel: number) {
    this.limit = pLimit(parallel);
  }

  /**
   * Waits for a turn.
   *
   * @param done settles when the build ends, which is when the next one may begin
   * @returns when the turn came: milliseconds, as `Date.now()`
   */
  turn(done: Done): Promise<number> {
    return new Promise((begin) => {
      void this.limit(async () => {
        begin(Date.now());
        await done.catch(() => {});
      });
    });
  }

  /**
   * Runs a job in a turn that nobody else waits for. Asked only while a build has its turn, such jobs never have all of them.
   *
   * @returns whether it ran
   */
  async spare(job: () => Promise<unknown>): Promise<boolean> {
    if (this.limit.activeCount + this.limit.pendingCount >= this.limit.concurrency) return false;
    await this.limit(job);
    return true;
  }
}
