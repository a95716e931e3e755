import { availableParallelism } from "node:os";

/**
 * How many builds run at once. More of them than processors take longer together: steps that share a cache mount, as of Go's compiler, find it
 * empty side by side and all do the same (docs/decisions/0024-builds-at-once.md). Two even on one processor, so that a stage is fetched while a base is built.
 *
 * @param configured `strata:parallel`; 0 where nobody says
 * @param processors of this machine, which is the builder's on most CI runners
 */
export function buildsAtOnce(configured: number, processors = availableParallelism()): number {
  return configured > 0 ? configured : Math.min(8, Math.max(2, processors));
}
