/** How the images are built. Shown in the order of this list. */
export const contenderIds = ["a1", "a2", "b", "c", "cz", "d", "e"] as const;
export type ContenderId = (typeof contenderIds)[number];

export const caseNames = [
  "cold",
  "mix",
  "noop",
  "cutoff",
  "fleet",
  "big",
  "memory",
  "profile",
  "catalog",
  "full",
] as const;
export type CaseName = (typeof caseNames)[number];

/** The changes of the mix: a file of app, a version of a tool, a tool's configuration, a Debian package. */
export const mixChanges = ["app", "configuration", "tool", "package"] as const;
export type MixChange = (typeof mixChanges)[number];

/** One thing that is measured, once. */
export interface Run {
  readonly case: CaseName;
  readonly family: string;
  readonly contender: ContenderId;
  /** What is done: a change, or a command. */
  readonly what: string;
  /** From 1. */
  readonly round: number;
}

export interface Choice {
  readonly cases: readonly CaseName[];
  readonly contenders: readonly ContenderId[];
  /** How often each thing is measured. */
  readonly runs: number;
  /** The chain of the cases cold, mix and cutoff. */
  readonly family: "sindri" | "small" | "tiny";
  /** How many layers the families of the cases noop and memory have. */
  readonly sizes: readonly number[];
  /** Whether to play 30 changes as well. */
  readonly full: boolean;
}

/** @example "mix/sindri/e/app/1" */
export function runId({ case: name, family, contender, what, round }: Run): string {
  return [name, family, contender, what, round].join("/");
}

/** In which order contenders take their turns: what is compared most comes first. */
const turns: readonly ContenderId[] = ["e", "c", "cz", "a1", "a2", "b", "d"];
const layered: readonly ContenderId[] = ["e", "c", "cz", "b", "d"];
const best: readonly ContenderId[] = ["e", "c", "cz"];

/** So many changes does the mix have with `--full`. */
export const fullChanges = 30;

/**
 * All runs of a choice, the most valuable first. Contenders take turns, so that what a machine does besides hits all alike and a part of
 * the runs is a fair comparison already: the first round of everything comes before the second.
 */
export function schedule({ cases, contenders, runs, family, sizes, full }: Choice): Run[] {
  const big = family === "sindri" ? "big" : "big-small";
  const largest = Math.max(...sizes);
  const watched = largest < 100 ? [largest] : sizes.filter((size) => size >= 100);
  const smallSizes = sizes.filter((size) => size <= 100);
  const largeSizes = sizes.filter((size) => size > 100);
  const each = (
    name: CaseName,
    of: string,
    who: readonly ContenderId[],
    what: readonly string[],
    round: number,
  ): Run[] => what.flatMap((what) => who.map((contender) => ({ case: name, family: of, contender, what, round })));
  const noop = (size: number, round: number) => [
    ...each("noop", `layers${size}`, ["e"], ["plan", "preview", "up"], round),
    // BuildKit keeps a trace of the whole command with each target, so a push of 500 fills the disk (docs/benchmark/by-hand.md).
    ...each("noop", `layers${size}`, ["c"], size > 100 ? ["bake"] : ["bake", "push"], round),
  ];
  const rounds = Array.from({ length: runs }, (_, index) => index + 1);
  const [first = 1, ...later] = rounds;
  const memory = (size: number) => [
    ...each("memory", `layers${size}`, ["e"], ["preview", "up"], 1),
    ...each("memory", `layers${size}`, ["c"], ["bake"], 1),
  ];
  const all: Run[] = [
    ...each("cold", family, turns, ["first"], first),
    ...each("mix", family, turns, mixChanges, first),
    ...smallSizes.flatMap((size) => noop(size, first)),
    ...each("cold", "layers100", best, ["first"], first),
    ...each("cutoff", family, turns, ["rebuild"], first),
    ...later.flatMap((round) => [
      ...each("mix", family, turns, mixChanges, round),
      ...smallSizes.flatMap((size) => noop(size, round)),
      ...each("cutoff", family, turns, ["rebuild"], round),
    ]),
    ...each("profile", family, ["e"], ["preview", "app"], first),
    ...watched.flatMap((size) => each("profile", `layers${size}`, ["e"], ["preview"], first)),
    ...rounds.flatMap((round) => each("fleet", "fleet", layered, ["service", "shared"], round)),
    ...rounds.flatMap((round) => each("big", big, best, ["nothing", "file"], round)),
    ...largeSizes.flatMap((size) => rounds.flatMap((round) => noop(size, round))),
    ...watched.flatMap(memory),
    ...rounds.flatMap((round) => each("catalog", "catalog", ["e"], ["100", "250", "500"], round)),
    ...later.flatMap((round) => [
      ...each("cold", family, best, ["first"], round),
      ...each("cold", "layers100", best, ["first"], round),
    ]),
    ...(full ? mixOf(fullChanges, 1).flatMap((change, index) => each("full", family, turns, [change], index + 1)) : []),
  ];
  const wanted = new Set([...cases, ...(full ? ["full"] : [])]);
  return all.filter((run) => wanted.has(run.case) && contenders.includes(run.contender));
}

/**
 * Changes in the proportions of the published figures, the same for the same seed: of ten, seven of app, two of tooling (a tool and its
 * configuration in turns) and one of a package.
 */
export function mixOf(count: number, seed: number): MixChange[] {
  const next = randomNumbers(seed);
  let ofTooling = 0;
  return Array.from({ length: count }, () => {
    const number = next();
    if (number < 0.7) return "app";
    if (number >= 0.9) return "package";
    ofTooling++;
    return ofTooling % 2 === 1 ? "tool" : "configuration";
  });
}

/** Mulberry32: numbers from 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In seconds, of what was never measured. Wide of the mark for many machines, and soon replaced by what was measured. */
const guesses: Readonly<Record<CaseName, number>> = {
  cold: 400,
  mix: 60,
  full: 60,
  cutoff: 90,
  noop: 15,
  fleet: 60,
  big: 60,
  memory: 20,
  profile: 15,
  catalog: 10,
};

/** How long runs are likely to take, in seconds. @param measured what was measured so far */
export function estimate(runs: readonly Run[], measured: readonly (Run & { readonly tookSeconds: number })[]): number {
  const key = ({ case: name, family, contender, what }: Run) => [name, family, contender, what].join("/");
  const known = new Map(measured.map((run) => [key(run), run.tookSeconds]));
  return runs.reduce((sum, run) => sum + (known.get(key(run)) ?? guesses[run.case]), 0);
}
