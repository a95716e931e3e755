import { defined, Measurements, ratio, type Savings, type Summary, savings } from "./figures";
import type { Machine } from "./machine";
import type { Measured } from "./records";
import { type ContenderId, contenderIds } from "./schedule";

/**
 * results.json. A figure that was not measured is left out.
 *
 * `mix.<contender>.{app,tooling,system,weighted,minutes}` are savings against the contender a1, 0 to 1;
 * `noop.<layers>.{plan,preview,up,bake,push}` are seconds; `cold.<family>.ratioToBake` and `ratioToZstd` are Strata's seconds divided by
 * bake's; `full.<contender>` are seconds of all changes, and what is saved of a1's; `things` has the medians of everything.
 */
export interface Results {
  readonly version: 1;
  readonly machine: Machine;
  /** The commits that were measured; `+` behind one says that files differed from it. */
  readonly commits: readonly string[];
  /** The chain of mix, cutoff and cold. */
  readonly family: string;
  /** From the first to the last run, ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly mix: Readonly<Partial<Record<ContenderId, Savings>>>;
  readonly noop: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly cold: Readonly<Record<string, ColdRatios>>;
  readonly full: Readonly<Partial<Record<ContenderId, FullResult>>>;
  readonly things: readonly Thing[];
}

export interface ColdRatios {
  readonly ratioToBake?: number;
  readonly ratioToZstd?: number;
}

export interface FullResult {
  readonly changes: number;
  readonly seconds: number;
  readonly saved?: number;
}

/** Medians of one thing. */
export interface Thing extends Summary {
  readonly case: string;
  readonly family: string;
  readonly contender: ContenderId;
  readonly what: string;
  /** Of the last run: milliseconds. */
  readonly phases?: Measured["phases"];
}

/** @param records at least one */
export function resultsOf(records: readonly Measured[], family: string, machine: Machine): Results {
  const measured = new Measurements(records);
  const times = records.map(({ at }) => at).sort();
  const baseline = measured.mixSeconds(family, "a1");
  const mix = contenderIds.map((id) => [id, savings(measured.mixSeconds(family, id), baseline)] as const);
  return {
    version: 1,
    machine,
    commits: [...new Set(records.map(({ commit }) => commit))],
    family,
    from: times[0] ?? "",
    to: times.at(-1) ?? "",
    mix: Object.fromEntries(mix.filter(([, saved]) => Object.keys(saved).length > 0)),
    noop: Object.fromEntries(sizesIn(records).map((size) => [size, noopOf(measured, size)])),
    cold: Object.fromEntries([family, "layers100"].map((name) => [name, coldOf(measured, name)])),
    full: fullOf(records, family),
    things: thingsIn(records),
  };
}

function noopOf(measured: Measurements, size: number): Record<string, number> {
  const of = (contender: ContenderId, what: string) => measured.of("noop", `layers${size}`, contender, what).seconds;
  const ours = ["plan", "preview", "up"].map((what) => [what, of("e", what)]);
  const bakes = ["bake", "push"].map((what) => [what, of("c", what)]);
  return defined(Object.fromEntries([...ours, ...bakes])) as Record<string, number>;
}

function coldOf(measured: Measurements, family: string): ColdRatios {
  const of = (contender: ContenderId) => measured.of("cold", family, contender, "first").seconds;
  return defined({ ratioToBake: ratio(of("e"), of("c")), ratioToZstd: ratio(of("e"), of("cz")) });
}

/** Only of the changes that a contender and the baseline both have. */
function fullOf(records: readonly Measured[], family: string): Results["full"] {
  const of = (id: ContenderId) =>
    new Map(
      records
        .filter((one) => one.case === "full" && one.family === family && one.contender === id)
        .flatMap(({ round, seconds }) => (seconds === undefined ? [] : [[round, seconds] as const])),
    );
  const baseline = of("a1");
  const entries = contenderIds.map((id) => {
    const own = of(id);
    const common = [...own].filter(([round]) => baseline.has(round));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const before = sum(common.map(([round]) => baseline.get(round) ?? 0));
    const saved = common.length === 0 ? undefined : 1 - sum(common.map(([, seconds]) => seconds)) / before;
    return [id, { changes: own.size, seconds: sum([...own.values()]), ...defined({ saved }) }] as const;
  });
  return Object.fromEntries(entries.filter(([, { changes }]) => changes > 0));
}

export function sizesIn(records: readonly Measured[]): number[] {
  const sizes = records.flatMap(({ case: name, family }) =>
    name === "noop" || name === "memory" ? [Number(family.replace("layers", ""))] : [],
  );
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function thingsIn(records: readonly Measured[]): Thing[] {
  const things = new Map(
    records.map((one) => [JSON.stringify([one.case, one.family, one.contender, one.what]), one] as const),
  );
  const measured = new Measurements(records);
  return [...things.values()].map(({ case: name, family, contender, what, phases }) => ({
    case: name,
    family,
    contender,
    what,
    ...measured.of(name, family, contender, what),
    ...defined({ phases }),
  }));
}
