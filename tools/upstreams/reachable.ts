import { setTimeout as sleep } from "node:timers/promises";

/** In milliseconds, more or less, between two attempts. */
const pause = 250;

/**
 * Whether an address answers HTTPS with one of the statuses that the real server gives: a proxy that refuses answers too.
 *
 * @param statuses @default 200 and 401, what a registry's /v2/ answers
 * @param timeLimit in milliseconds, of each of two attempts. @default 3000: a machine without the internet must not wait
 */
export async function reachable(
  url: string,
  statuses: readonly number[] = [200, 401],
  timeLimit = 3000,
): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const answer = await fetch(url, { redirect: "follow", signal: AbortSignal.timeout(timeLimit) });
      await answer.body?.cancel();
      return statuses.includes(answer.status);
    } catch {
      // Once more: one lost packet must not put a stand-in in the place of the real thing.
      await sleep(pause * (0.5 + Math.random()));
    }
  }
  return false;
}
