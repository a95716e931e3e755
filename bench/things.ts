import { trafficOf } from "./figures";
import type { Thing } from "./results";

export const changeNames: Readonly<Record<string, string>> = {
  app: "a file of app",
  configuration: "a tool's configuration",
  tool: "a tool's version",
  package: "a Debian package",
};

/** What the document calls a thing that was measured. @example "the mix: a file of app" */
export function thingName({ case: name, family, what }: Pick<Thing, "case" | "family" | "what">): string {
  const layers = /^layers(\d+)$/.exec(family)?.[1];
  const of = layers === undefined ? "the chain" : `${layers} layers`;
  const names: Readonly<Record<string, string>> = {
    mix: `the mix: ${changeNames[what] ?? what}`,
    full: `thirty changes: ${changeNames[what] ?? what}`,
    cold: family === "fleet" || family.startsWith("big") ? `the first build of ${family}` : `the first build of ${of}`,
    cutoff: "a base that comes out the same",
    fleet: what === "shared" ? "a fleet: the shared package" : "a fleet: one service",
    big: what === "file" ? "a large context: one file" : "a large context: nothing changed",
    noop: `nothing changed, ${of}: ${what}`,
    memory: `memory, ${of}: ${what}`,
    profile: `profile, ${of}: ${what}`,
    catalog: `reading a catalog of ${what} layers`,
  };
  return names[name] ?? name;
}

/** Something that another contender does faster than Strata. */
export interface Slower {
  /** As Strata does it. */
  readonly thing: Thing;
  /** Who is faster, the fastest first. */
  readonly by: readonly Thing[];
  /** Seconds behind the fastest. */
  readonly more: number;
}

/** All that another contender does faster. What is far behind comes first. */
export function slowerThings(things: readonly Thing[]): Slower[] {
  const compared = new Set(["mix", "cold", "cutoff", "fleet", "big", "noop"]);
  const slower = things
    .filter((thing) => thing.contender === "e" && compared.has(thing.case))
    .flatMap((thing) => {
      const { seconds: own } = thing;
      if (own === undefined) return [];
      const by = theirs(thing, things)
        .filter(({ seconds }) => seconds !== undefined && seconds < own)
        .sort((a, b) => (a.seconds ?? 0) - (b.seconds ?? 0));
      const [fastest] = by;
      return fastest?.seconds === undefined ? [] : [{ thing, by, more: own - fastest.seconds }];
    });
  return slower.sort((a, b) => b.more - a.more);
}

/** Something for which another contender moves fewer bytes. */
export interface Wider {
  readonly thing: Thing;
  readonly own: number;
  /** Who moves the fewest. */
  readonly by: Thing;
}

/** What makes Strata pull and push more than another contender, in all. What is far more comes first. */
export function widerThings(things: readonly Thing[]): Wider[] {
  const wider = things
    .filter(({ contender }) => contender === "e")
    .flatMap((thing) => {
      const own = trafficOf(thing);
      const by = theirs(thing, things)
        .filter((other) => trafficOf(other) !== undefined)
        .sort((a, b) => (trafficOf(a) ?? 0) - (trafficOf(b) ?? 0))[0];
      return own === undefined || by === undefined || own <= (trafficOf(by) ?? 0) ? [] : [{ thing, own, by }];
    });
  return wider.sort((a, b) => b.own - a.own);
}

/** What takes Strata more memory than another contender, in bytes. */
export interface Heavier {
  readonly thing: Thing;
  readonly own: number;
  readonly least: number;
}

export function heavierThings(things: readonly Thing[]): Heavier[] {
  return things
    .filter((thing) => thing.contender === "e" && thing.case === "memory")
    .flatMap((thing) => {
      const { peakBytes: own } = thing;
      const others = theirs(thing, things).flatMap(({ peakBytes }) => peakBytes ?? []);
      if (own === undefined || others.length === 0) return [];
      const least = Math.min(...others);
      return own > least ? [{ thing, own, least }] : [];
    });
}

/** What others do for the same. */
function theirs(thing: Thing, things: readonly Thing[]): Thing[] {
  const what = asTheirs(thing);
  return things.filter(
    (other) =>
      other.contender !== "e" && other.case === thing.case && other.family === thing.family && other.what === what,
  );
}

/** What bake has for a plan and a preview, and for an update. */
function asTheirs({ case: name, what }: Thing): string {
  if (name === "noop") return what === "up" ? "push" : "bake";
  return name === "memory" ? "bake" : what;
}
