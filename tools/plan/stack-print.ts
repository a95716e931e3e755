import { isBuilt, type PlannedLayer, type Schedule, scheduleOf } from "../../components/catalog/plan";
import { bytesText, seconds, table } from "../terminal";
import { reasonsText, summary } from "./print";
import { promotionLines, promotionSummary, tagLines } from "./release-print";
import type { PlanJson } from "./schema";
import type { StackPlan } from "./stack";

/** How many layers of a level, or of a chain, a line names. */
const mostNames = 12;

/** A stack's plan as people read it: what changes, why and how long it takes; in what order; one line for all. */
export function stackPlanText(plan: StackPlan): string {
  const changed = plan.layers.filter(({ action }) => action !== "unchanged");
  const rows = changed.map((layer) => [layer.name, layer.action, ...effortOf(layer), reasonsText(layer.reasons)]);
  const parts = [
    ...(rows.length > 0 ? [table(["layer", "action", "about", "pushes", "why"], rows)] : []),
    ...(plan.promotions ? [promotionLines(plan.promotions).join("\n")] : []),
    [...orderLines(plan), ...otherLines(plan)].join("\n"),
    stackSummary(plan),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** `3 of 14 layers: 1 build, 2 rebase, about 12 s` */
export function stackSummary(plan: Pick<StackPlan, "layers" | "parallel" | "promotions" | "stack">): string {
  if (plan.promotions) return promotionSummary(plan.promotions, plan.stack);
  const count = plan.layers.filter(isBuilt).length;
  if (count === 0) return summary(plan.layers);
  const { seconds: total, unknown } = scheduleOf(plan.layers, plan.parallel);
  if (unknown.length === count) return `${summary(plan.layers)}, how long is not known yet`;
  const rest = unknown.length === 0 ? "" : ` and ${unknown.length} of unknown length`;
  return `${summary(plan.layers)}, about ${seconds(total)}${rest}`;
}

/** For programs. */
export function stackPlanJson(plan: StackPlan): PlanJson {
  const schedule = scheduleOf(plan.layers, plan.parallel);
  const { seconds, bytes } = totalsOf(plan.layers, schedule);
  return {
    version: 1,
    stack: plan.stack,
    summary: stackSummary(plan),
    layers: plan.layers.map(({ name, action, reasons, seconds = null, bytes = null, needs }) => {
      return { name, action, reasons: [...reasons], seconds, bytes, needs: [...needs] };
    }),
    seconds: seconds ?? null,
    bytes: bytes ?? null,
    unknown: [...schedule.unknown],
    criticalPath: { layers: [...schedule.criticalPath.layers], seconds: tenths(schedule.criticalPath.seconds) },
    levels: schedule.levels.map((level) => [...level]),
    parallel: plan.parallel,
    tests: [...plan.tests],
    tags: [...plan.tags],
    promotions: plan.promotions
      ? {
          from: plan.promotions.from,
          layers: plan.promotions.layers.map(({ between, ...layer }) => ({
            ...layer,
            between: between ? [...between] : null,
          })),
        }
      : null,
    others: [...plan.others],
    warnings: [...plan.warnings],
  };
}

/** The chain that decides, and what runs side by side; nothing for a layer alone. */
export function orderLines(plan: Pick<StackPlan, "layers" | "parallel">): string[] {
  const schedule = scheduleOf(plan.layers, plan.parallel);
  const { criticalPath, levels } = schedule;
  if (levels.flat().length < 2) return [];
  const { bytes } = totalsOf(plan.layers, schedule);
  const chain = `Longest chain: ${shortened(criticalPath.layers, " → ")}`;
  const time = schedule.unknown.length === levels.flat().length ? "" : `, about ${seconds(criticalPath.seconds)}`;
  return [
    `${chain}${time}${bytes ? `; about ${bytesText(bytes)} to push` : ""}`,
    `Side by side, up to ${plan.parallel} at once:`,
    ...levels.map((level, index) => `  ${index + 1}. ${shortened(level, ", ")}`),
  ];
}

/** What an update does besides; nothing where that is nothing. */
export function otherLines({ tests, tags, others }: Pick<StackPlan, "tests" | "tags" | "others">): string[] {
  return [
    ...tagLines(tags),
    ...(tests.length > 0 ? [`Tests run: ${shortened(tests, ", ")}`] : []),
    ...(others.length > 0 ? [`Besides: ${shortened(others, ", ")}`] : []),
  ];
}

/** How long a layer takes and what it pushes, a cell each: `?` where it is not known, a dash for nothing. */
export function effortOf(layer: PlannedLayer): [seconds: string, bytes: string] {
  if (!isBuilt(layer)) return ["–", "–"];
  return [
    layer.seconds === undefined ? "?" : seconds(layer.seconds),
    layer.bytes === undefined ? "?" : layer.bytes === 0 ? "–" : bytesText(layer.bytes),
  ];
}

function totalsOf(layers: readonly PlannedLayer[], schedule: Schedule) {
  const built = layers.filter(isBuilt);
  const known = built.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  return {
    seconds: built.length > 0 && schedule.unknown.length === built.length ? undefined : tenths(schedule.seconds),
    bytes: built.length > 0 && known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function shortened(names: readonly string[], separator: string): string {
  const more = names.length - mostNames;
  // Of a chain both ends tell most.
  const shown = more > 1 ? [...names.slice(0, mostNames - 1), `${more} more`, ...names.slice(-1)] : names;
  return shown.join(separator);
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
