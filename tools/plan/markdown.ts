import type { LayerChange } from "../../components/catalog/diff";
import type { PlannedLayer } from "../../components/catalog/plan";
import { effortOf } from "./stack-print";

/** What a comment on a pull request says. */
export interface Comment {
  /** What is planned: by it the comment is found again. @example "dev" */
  readonly subject: string;
  readonly summary: string;
  /** Those that change, with what is expected where that was asked. */
  readonly layers: readonly (LayerChange | PlannedLayer)[];
  /** What else there is to say, line by line. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** GitHub takes 65,536 characters for a comment. */
const longest = 60_000;

/** With more layers the table is folded. */
const mostOpen = 8;

/** How many reasons of a layer a row has, how many warnings there are, and how many characters each of them has. */
const mostReasons = 4;
const mostWarnings = 10;
const longestReason = 120;
const longestLine = 500;

/** A plan as one comment on a pull request. Its first line no reader sees: a program finds the comment by it, and writes it anew. */
export function planMarkdown({ subject, summary, layers, lines, warnings }: Comment): string {
  const line = (text: string) => escaped(clipped(text, longestLine));
  const head = [`<!-- strata plan ${subject.replace(/[^\w./]/g, "?")} -->`, `**${line(summary)}**`].join("\n\n");
  const rest = [
    ...(lines.length > 0 ? [lines.map(line).join("  \n")] : []),
    ...warnings.slice(0, mostWarnings).map((text) => `> ⚠️ ${line(text)}`),
    ...(warnings.length > mostWarnings ? [`> ⚠️ and ${warnings.length - mostWarnings} more`] : []),
  ].join("\n\n");
  const table = layers.length === 0 ? [] : tableOf(layers, longest - head.length - rest.length);
  const folded =
    layers.length > mostOpen
      ? ["<details>", `<summary>${layers.length} layers, and why</summary>`, "", ...table, "", "</details>"]
      : table;
  return [head, folded.join("\n"), rest].filter((part) => part !== "").join("\n\n");
}

function tableOf(layers: Comment["layers"], room: number): string[] {
  const [titles, cellsOf] = layers.some((layer) => "seconds" in layer)
    ? [["layer", "action", "about", "pushes", "why"], (layer: LayerChange) => effortOf(layer as PlannedLayer)]
    : [["layer", "action", "why"], () => []];
  const lines = [titles, titles.map(() => "---")].map(row);
  let left = room;
  for (const [index, layer] of layers.entries()) {
    const line = row([code(layer.name), layer.action, ...cellsOf(layer), reasonsOf(layer)]);
    left -= line.length + 1;
    if (left < 0) return [...lines, "", `And ${layers.length - index} more: \`strata plan\` prints them all.`];
    lines.push(line);
  }
  return lines;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function reasonsOf({ reasons }: LayerChange): string {
  const more = reasons.length - mostReasons;
  const shown = reasons.slice(0, mostReasons).map(code);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(", ") || "–";
}

function code(text: string): string {
  return `<code>${escaped(clipped(text, longestReason))}</code>`;
}

/** Text that means nothing in Markdown, HTML or a table, and mentions and links nobody: a file's name may have anything in it. */
function escaped(text: string): string {
  return text
    .replace(/\p{C}+/gu, "?")
    .replace(/[^\p{L}\p{N} ,/()→–…-]/gu, (character) => `&#${character.codePointAt(0)};`);
}

function clipped(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
