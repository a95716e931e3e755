import { bytesText } from "../tools/terminal";
import { markdownTable, nameOf, secondsCell } from "./cells";
import type { Told } from "./document";
import { type Measurements, trafficOf } from "./figures";
import { verdictsOf } from "./goals";
import type { Results } from "./results";
import { heavierThings, slowerThings, thingName, widerThings } from "./things";

/** Where Strata loses: goals that it misses, what others do faster, what it failed at, and what makes up for it. */
export function losses({ results, records }: Told, measured: Measurements): string {
  const missed = verdictsOf(results, records).filter(({ met }) => met === false);
  const behind = slowerThings(results.things);
  const wider = widerThings(results.things);
  const heavier = heavierThings(results.things);
  const failed = results.things.filter(
    ({ contender, runs, failures }) => contender === "e" && runs === 0 && failures.length > 0,
  );
  if (missed.length + behind.length + wider.length + heavier.length + failed.length === 0)
    return "## Where Strata loses\n\nNowhere, of what was measured.";
  const goals = missed.map(({ what, goal, got }) => `- **${what}**: ${got}; the goal is ${goal}.`).join("\n");
  const rows = behind.map(({ thing, by, more }) => [
    thingName(thing),
    secondsCell(measured.of(thing.case, thing.family, "e", thing.what)),
    by.map((other) => `${nameOf(other.contender)} ${secondsCell(other)}`).join(", "),
    `${more.toFixed(1)} s`,
  ]);
  const others = markdownTable(["", "Strata, seconds", "faster", "at most by"], rows);
  const traffic = wider.map(({ thing, own, by }) => [
    thingName(thing),
    bytesText(own),
    `${nameOf(by.contender)} ${bytesText(trafficOf(by) ?? 0)}`,
  ]);
  const more = heavier.map(({ thing, own, least }) => [thingName(thing), bytesText(own), bytesText(least)]);
  return [
    "## Where Strata loses",
    ...(failed.length > 0 ? [`What it failed at: ${failed.map(thingName).join("; ")}.`] : []),
    ...(missed.length > 0 ? [`Goals that are missed:\n\n${goals}`] : []),
    ...(rows.length > 0 ? [`Faster than Strata:\n\n${others}`, makesUp(results, measured)] : []),
    ...(traffic.length > 0
      ? [`More bytes, pulled and pushed:\n\n${markdownTable(["", "Strata", "the fewest"], traffic)}`]
      : []),
    ...(more.length > 0 ? [`More memory:\n\n${markdownTable(["", "Strata", "bake"], more)}`] : []),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** What a user has for it where bake is ahead: by figures, as far as there are any. */
function makesUp({ family, noop }: Results, measured: Measurements): string {
  const beside = (what: string, ours: number | undefined, theirs: number | undefined) =>
    ours === undefined || theirs === undefined || ours >= theirs
      ? []
      : [`${what} in ${ours.toFixed(1)} s, bake in ${theirs.toFixed(1)} s`];
  const seconds = (name: string, what: string) =>
    [measured.of(name, family, "e", what).seconds, measured.of(name, family, "c", what).seconds] as const;
  const largest = Object.keys(noop)
    .map(Number)
    .filter((size) => noop[size]?.preview !== undefined && noop[size]?.bake !== undefined)
    .sort((a, b) => b - a)[0];
  const found = [
    ...beside("a Debian package", ...seconds("mix", "package")),
    ...beside("a base that comes out the same", ...seconds("cutoff", "rebuild")),
    ...(largest === undefined
      ? []
      : beside(`finding out that nothing of ${largest} layers changed`, noop[largest]?.preview, noop[largest]?.bake)),
  ];
  if (found.length === 0) return "";
  return `What makes up for it: ${found.join("; ")}. And before anything is built, the plan says what will be, and why.`;
}
