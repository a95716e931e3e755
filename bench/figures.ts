import type { Measured } from "./records";
import { type ContenderId, type MixChange, mixChanges } from "./schedule";

/** Medians of what was measured of one thing. */
export interface Summary {
  /** How many runs have a figure. */
  readonly runs: number;
  readonly failures: readonly string[];
  readonly seconds?: number;
  readonly pulledBytes?: number;
  readonly pushedBytes?: number;
  readonly images?: number;
  readonly steps?: number;
  readonly peakBytes?: number;
  readonly diskBytes?: number;
  readonly stateBytes?: number;
}

const medianKeys = [
  "seconds",
  "pulledBytes",
  "pushedBytes",
  "images",
  "steps",
  "peakBytes",
  "diskBytes",
  "stateBytes",
] as const;

/** The middle one, of an even number the mean of the two in the middle; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)];
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Bytes pulled and pushed. */
export function trafficOf({ pulledBytes, pushedBytes }: Summary): number | undefined {
  return pulledBytes === undefined ? undefined : pulledBytes + (pushedBytes ?? 0);
}

/** What runs say of one thing: medians over those that did not fail. */
export function summarize(measured: readonly Measured[]): Summary {
  const good = measured.filter(({ failed }) => failed === undefined);
  const medians = medianKeys.flatMap((key) => {
    const found = median(good.map((one) => one[key]).filter((value) => value !== undefined));
    return found === undefined ? [] : [[key, found] as const];
  });
  const failures = measured.flatMap(({ failed }) => (failed === undefined ? [] : [failed]));
  return { runs: good.length, failures, ...Object.fromEntries(medians) };
}

/** How often a change is of a kind, as the published figures weigh it. The two of tooling share its 20 %. */
const weights: Readonly<Record<MixChange, number>> = { app: 0.7, tool: 0.1, configuration: 0.1, package: 0.1 };

/** Runner-minutes that a week's builds take with the baseline, by the published figures. */
export const baselineMinutes = 165;

/** What is saved of the baseline's time: 0 is nothing, 1 is all, less than 0 is slower. Undefined where a figure is missing. */
export interface Savings {
  readonly app?: number;
  readonly tooling?: number;
  readonly system?: number;
  /** 70 % app, 20 % tooling, 10 % system. */
  readonly weighted?: number;
  /** Of the time itself, each kind of change as often as it comes. */
  readonly minutes?: number;
}

/** Median seconds by change. */
export type MixSeconds = Readonly<Partial<Record<MixChange, number>>>;

/**
 * What a contender saves of the baseline's time.
 *
 * Of tooling it is the mean of what an update of a tool and one of its configuration save.
 */
export function savings(own: MixSeconds, baseline: MixSeconds): Savings {
  const saved = (change: MixChange) => {
    const [seconds, before] = [own[change], baseline[change]];
    return seconds === undefined || before === undefined ? undefined : 1 - seconds / before;
  };
  const app = saved("app");
  const system = saved("package");
  const [tool, configuration] = [saved("tool"), saved("configuration")];
  const tooling = tool === undefined || configuration === undefined ? undefined : (tool + configuration) / 2;
  const minutes = ratio(cost(own), cost(baseline));
  return defined({
    app,
    tooling,
    system,
    weighted:
      app === undefined || tooling === undefined || system === undefined
        ? undefined
        : 0.7 * app + 0.2 * tooling + 0.1 * system,
    minutes: minutes === undefined ? undefined : 1 - minutes,
  });
}

/** Seconds that a change takes on average; undefined where one kind was not measured. */
export function cost(seconds: MixSeconds): number | undefined {
  let sum = 0;
  for (const change of mixChanges) {
    const took = seconds[change];
    if (took === undefined) return undefined;
    sum += weights[change] * took;
  }
  return sum;
}

export function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

/** Without what is undefined. */
export function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** All runs of one thing, from any round. */
export class Measurements {
  constructor(readonly all: readonly Measured[]) {}

  of(name: string, family: string, contender: ContenderId, what: string): Summary {
    return summarize(
      this.all.filter(
        (one) => one.case === name && one.family === family && one.contender === contender && one.what === what,
      ),
    );
  }

  mixSeconds(family: string, contender: ContenderId): MixSeconds {
    return defined(
      Object.fromEntries(mixChanges.map((what) => [what, this.of("mix", family, contender, what).seconds])),
    ) as MixSeconds;
  }
}
