/** The median of so many runs in seconds, after one that warms the disk's cache and does not count. */
export async function median(runs: number, action: () => Promise<void>, prepare = async () => {}): Promise<number> {
  const times = [];
  for (let run = 0; run <= runs; run++) {
    await prepare();
    const took = await timed(action);
    if (run > 0) times.push(took);
  }
  return middle(times);
}

/** The median. */
export function middle(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

/** In seconds. */
export async function timed(action: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
}

/** The value behind `--name` on the command line. */
export function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}
