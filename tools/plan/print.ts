import type { Action, LayerChange } from "../../components/catalog/diff";
import { printable, table } from "../terminal";

/** In the order in which a summary names them. */
const actions: readonly Action[] = ["new", "build", "rebase", "removed"];

/** How many reasons of a layer a line shows. */
const mostReasons = 4;

/** A plan as people read it: what changes, why, and one line for all. */
export function planText(layers: readonly LayerChange[]): string {
  const changed = layers.filter(({ action }) => action !== "unchanged");
  if (changed.length === 0) return summary(layers);
  const rows = changed.map(({ name, action, reasons }) => [name, action, reasonsText(reasons)]);
  return `${table(["layer", "action", "why"], rows)}\n\n${summary(layers)}`;
}

/** `3 of 14 layers: 1 build, 2 rebase` */
export function summary(layers: readonly Pick<LayerChange, "action">[]): string {
  const counts = actions
    .map((action) => [action, layers.filter((layer) => layer.action === action).length] as const)
    .filter(([, count]) => count > 0);
  const changed = counts.reduce((sum, [, count]) => sum + count, 0);
  if (changed === 0) return `0 of ${layers.length} layers: nothing to build`;
  return `${changed} of ${layers.length} layers: ${counts.map(([action, count]) => `${count} ${action}`).join(", ")}`;
}

/** The first few reasons and how many more there are, in one line; a dash for none. */
export function reasonsText(reasons: readonly string[]): string {
  if (reasons.length === 0) return "–";
  const more = reasons.length - mostReasons;
  const shown = [...reasons.slice(0, mostReasons), ...(more > 0 ? [`and ${more} more`] : [])];
  return printable(shown.join(", "));
}
