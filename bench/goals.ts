import { bytesText } from "../tools/terminal";
import { cost, Measurements, trafficOf } from "./figures";
import type { Measured } from "./records";
import type { Results } from "./results";
import { type ContenderId, mixChanges } from "./schedule";
import { changeNames } from "./things";

/** A goal, and whether it is met. */
export interface Verdict {
  /** @example "the mix, app" */
  readonly what: string;
  /** @example "≥ 98 % saved of (a1)" */
  readonly goal: string;
  /** @example "97.2 %"; empty where it was not measured */
  readonly got: string;
  /** Undefined where it was not measured. */
  readonly met: boolean | undefined;
}

/** In seconds: so much longer may a change take than with bake. */
const behindBake = 1.5;

/** All goals, in the order of the document. */
export function verdictsOf(results: Results, records: readonly Measured[]): Verdict[] {
  const measured = new Measurements(records);
  return [
    ...mixVerdicts(results),
    ...aheadVerdicts(results, measured),
    ...noopVerdicts(results),
    atMost("the first build of the chain, of bake's", results.cold[results.family]?.ratioToBake, 1, "×"),
    atMost("the first build of the chain, of bake's with zstd", results.cold[results.family]?.ratioToZstd, 1.1, "×"),
    atMost("the first build of 100 small layers, of bake's", results.cold.layers100?.ratioToBake, 1.2, "×"),
    ...cutoffVerdicts(results, measured),
  ];
}

function mixVerdicts({ mix }: Results): Verdict[] {
  const { app, tooling, system, weighted, minutes } = mix.e ?? {};
  return [
    saved("app", app, 0.98),
    saved("tooling", tooling, 0.85),
    saved("system", system, 0.35),
    saved("weighted", weighted, 0.92),
    saved("runner-minutes a week", minutes, 0.9),
  ];
}

function saved(what: string, value: number | undefined, least: number): Verdict {
  return {
    what: `the mix, ${what}`,
    goal: `≥ ${(least * 100).toFixed(0)} % saved of (a1)`,
    got: value === undefined ? "" : `${(value * 100).toFixed(1)} %`,
    met: value === undefined ? undefined : value >= least,
  };
}

/** Seconds of a change: on average over the mix beside each, and of each kind beside bake. */
function aheadVerdicts({ family }: Results, measured: Measurements): Verdict[] {
  const average = (id: ContenderId) => cost(measured.mixSeconds(family, id));
  const verdict = (
    id: ContenderId,
    name: string,
    more: number,
    what = "a change on average",
    of: (id: ContenderId) => number | undefined = average,
  ): Verdict => {
    const [own, theirs] = [of("e"), of(id)];
    const known = own !== undefined && theirs !== undefined;
    return {
      what: `the mix, ${what}, beside (${name})`,
      goal: more === 0 ? "less" : `at most ${more} s more`,
      got: known ? `${own.toFixed(1)} s, (${name}) ${theirs.toFixed(1)} s` : "",
      met: known ? own - theirs < more || own < theirs : undefined,
    };
  };
  return [
    verdict("a2", "a2", 0),
    verdict("b", "b", 0),
    verdict("d", "d", 0),
    verdict("c", "c", behindBake),
    verdict("cz", "c with zstd", behindBake),
    ...mixChanges.flatMap((change) => {
      const of = (id: ContenderId) => measured.mixSeconds(family, id)[change];
      const what = changeNames[change];
      return [verdict("c", "c", behindBake, what, of), verdict("cz", "c with zstd", behindBake, what, of)];
    }),
  ];
}

function noopVerdicts({ noop }: Results): Verdict[] {
  const limits = { 100: 2.5, 500: 8 } as const;
  const limited = Object.entries(limits).flatMap(([size, limit]) =>
    (["plan", "preview", "up"] as const).map((what) =>
      atMost(`nothing changed, ${size} layers, ${what}`, noop[size]?.[what], limit, "s"),
    ),
  );
  const linear = (["plan", "preview", "up"] as const).map((what): Verdict => {
    const growth = growthOf(noop, what);
    return {
      what: `nothing changed, ${what}, growth with layers`,
      goal: "at most linear, within 10 %",
      got:
        growth === undefined
          ? ""
          : `${(growth.early * 1000).toFixed(1)} ms a layer from 3 to 100, ${(growth.late * 1000).toFixed(1)} from 100 to 500`,
      met: growth === undefined ? undefined : growth.late <= growth.early * 1.1,
    };
  });
  return [...limited, ...linear];
}

/** Seconds that one more layer takes, of few and of many. */
function growthOf(noop: Results["noop"], what: string): { early: number; late: number } | undefined {
  const [few, some, many] = [noop[3]?.[what], noop[100]?.[what], noop[500]?.[what]];
  if (few === undefined || some === undefined || many === undefined) return undefined;
  return { early: (some - few) / 97, late: (many - some) / 400 };
}

function cutoffVerdicts({ family }: Results, measured: Measurements): Verdict[] {
  const of = (id: ContenderId) => measured.of("cutoff", family, id, "rebuild");
  const own = of("e");
  return (["a1", "a2", "b", "c", "cz", "d"] as const).flatMap((id) => {
    const theirs = of(id);
    const name = id === "cz" ? "c with zstd" : id;
    const less = (
      what: string,
      ours: number | undefined,
      other: number | undefined,
      told: (value: number) => string,
    ) => ({
      what: `a base that comes out the same, ${what}, beside (${name})`,
      goal: "less",
      got: ours === undefined || other === undefined ? "" : `${told(ours)}, (${name}) ${told(other)}`,
      met: ours === undefined || other === undefined ? undefined : ours < other,
    });
    return [
      less("seconds", own.seconds, theirs.seconds, (value) => `${value.toFixed(1)} s`),
      less("bytes", trafficOf(own), trafficOf(theirs), bytesText),
    ];
  });
}

function atMost(what: string, value: number | undefined, most: number, unit: string): Verdict {
  return {
    what,
    goal: `≤ ${most} ${unit}`,
    got: value === undefined ? "" : `${value.toFixed(2)} ${unit}`,
    met: value === undefined ? undefined : value <= most,
  };
}
