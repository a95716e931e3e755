import { megabytesOf } from "../../components/catalog/size";
import { seconds } from "../terminal";
import { countsOf, edgesOf, type FamilyGraph, type GraphLayer, idOf, upstreamsOf } from "./family-graph";
import { arrow, canvas, faint, type Kind, type Look, looks, strong, text } from "./palette";

/** The most layers whose descriptions stand in the drawing itself. */
const mostDescribed = 12;

/** In letters: what is longer is shortened in the middle, or broken into lines. */
const longestName = 36;
const longestLine = 26;
const mostLines = 4;

/** With more arrows than this Graphviz would look for the best drawing for minutes, and nobody could follow a curve in it. */
const mostCurves = 700;

/** The width of a page that is read without scrolling sideways, in nodes. */
const mostAcross = 6;

/** Graphviz has its measures built in, and it is wide: the text fits into its node in whatever font a reader has. */
export const measuredFont = "DejaVu Sans";

/**
 * A family in Graphviz' language. The same family gives the same text.
 *
 * @param options.legend whether title and legend are drawn too. @default true
 */
export function dotOf(graph: FamilyGraph, options: { readonly legend?: boolean } = {}): string {
  const described = graph.layers.length <= mostDescribed;
  const head = options.legend === false ? [] : [`label=${legendOf(graph)}`, "labelloc=t", "labeljust=l"];
  return [
    "digraph family {",
    `  graph [${[...layoutOf(graph), ...head].join(", ")}]`,
    `  node [shape=box, fontname="${measuredFont}", fontsize=13, fontcolor="${text}", margin="0.16,0.07", width=1.1, height=0.5]`,
    `  edge [color="${arrow}", arrowsize=0.7]`,
    ...upstreamsOf(graph).map((name) =>
      nodeOf(idOf("upstream", name), "upstream", labelOf(name, [small("upstream", faint)])),
    ),
    ...graph.layers.map((layer) => nodeOf(idOf("layer", layer.name), kindOf(layer), layerLabel(layer, described))),
    ...edgesOf(graph).map(({ from, to, moves }) => {
      const look = moves ? `, color="${strong}", penwidth=2` : "";
      return `  "${from}" -> "${to}" [id="${edgeId(from, to)}", class="${moves ? "moves" : "rests"}"${look}]`;
    }),
    "}",
    "",
  ].join("\n");
}

export function kindOf({ action }: GraphLayer): Kind {
  return action ?? "plain";
}

export function edgeId(from: string, to: string): string {
  return `${from}:${to}`;
}

/** What is known of a layer besides why, in a few words. @example ["build", "12 s", "34.1 MB"] */
export function factsOf({ action, ...layer }: GraphLayer): string[] {
  const runs = action !== undefined && action !== "unchanged" && action !== "removed";
  return [
    ...(action === undefined ? [] : [action]),
    ...(runs && typeof layer.seconds === "number" ? [seconds(layer.seconds)] : []),
    ...(runs && typeof layer.bytes === "number" ? [megabytesOf(layer.bytes)] : []),
  ];
}

function nodeOf(id: string, kind: Kind, label: string): string {
  const { fill, line, border, width } = looks[kind];
  const style = [...(kind === "upstream" ? [] : ["rounded"]), "filled", ...drawnAs(border)].join(",");
  const shape = border === "double" ? ", peripheries=2" : "";
  const colours = `fillcolor="${fill}", color="${line}", penwidth=${width}`;
  return `  "${id}" [id="${id}", class="${kind}", label=${label}, style="${style}", ${colours}${shape}]`;
}

function layerLabel(layer: GraphLayer, described: boolean): string {
  const lines = described ? wrapped(layer.description ?? "").map((line) => small(line, faint)) : [];
  const facts = factsOf(layer);
  return labelOf(layer.name, facts.length > 0 ? [...lines, small(facts.join(" · "), text)] : lines, layer);
}

/** @param lines beneath the name, as markup */
function labelOf(name: string, lines: readonly string[], { action }: Pick<GraphLayer, "action"> = {}): string {
  const title = `<B>${escaped(shortened(name))}</B>`;
  const rest = lines.map((line) => `<TR><TD>${line}</TD></TR>`);
  return `<${table(0)}<TR><TD>${action === "removed" ? `<S>${title}</S>` : title}</TD></TR>${rest.join("")}</TABLE>>`;
}

/** What a legend explains: of the kinds those that occur, with how many layers there are of each. Of a family without a plan none. */
export function keysOf(graph: FamilyGraph): [Kind, string][] {
  const actions = countsOf(graph.layers).map(([action, count]): [Kind, string] => [action, `${count} ${action}`]);
  const upstreams: [Kind, string][] = upstreamsOf(graph).length > 0 ? [["upstream", "upstream"]] : [];
  return actions.length > 0 ? [...actions, ...upstreams] : [];
}

function legendOf(graph: FamilyGraph): string {
  const title = `<FONT FACE="${measuredFont}" POINT-SIZE="13" COLOR="${text}"><B>${escaped(graph.title)}</B></FONT>`;
  const keys = keysOf(graph).map(([kind, words]) => {
    const { fill, line, border } = looks[kind];
    const style = [...(kind === "upstream" ? [] : ["rounded"]), ...drawnAs(border)].join(",");
    const edge = `BORDER="${border === "double" ? 3 : kind === "build" ? 2 : 1}" COLOR="${line}" STYLE="${style}"`;
    return `<TD CELLPADDING="4" BGCOLOR="${fill}" ${edge}>${small(words, text)}</TD>`;
  });
  // The second row keeps a distance from the drawing.
  return `<${table(6)}<TR><TD>${title}</TD>${keys.join("")}</TR><TR><TD HEIGHT="8"></TD></TR></TABLE>>`;
}

/** @param spacing between cells, in points */
function table(spacing: number): string {
  return `<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="1" CELLSPACING="${spacing}">`;
}

function small(words: string, colour: string): string {
  return `<FONT FACE="${measuredFont}" POINT-SIZE="11" COLOR="${colour}">${escaped(words)}</FONT>`;
}

/** Graphviz has styles for some borders, and none for others. */
function drawnAs(border: Look["border"]): readonly string[] {
  return border === "dashed" || border === "dotted" ? [border] : [];
}

/** From left to right as long as that fits on a page, or is no longer than it is wide; else from top to bottom. */
function layoutOf(graph: FamilyGraph): string[] {
  const depths = depthsOf(graph);
  const across = Math.max(0, ...depths.values()) + 1;
  const counts = new Map<number, number>();
  for (const depth of depths.values()) counts.set(depth, (counts.get(depth) ?? 0) + 1);
  const widest = Math.max(0, ...counts.values());
  const direction = across <= mostAcross || across <= widest ? "LR" : "TB";
  return [
    ...[`rankdir=${direction}`, `bgcolor="${canvas}"`, `fontname="${measuredFont}"`],
    ...["pad=0.25", `nodesep=${direction === "LR" ? 0.16 : 0.3}`, `ranksep=${direction === "LR" ? 0.55 : 0.4}`],
    "outputorder=edgesfirst",
    ...(edgesOf(graph).length > mostCurves ? ["splines=line", "nslimit=1", "nslimit1=1", "mclimit=0.1"] : []),
  ];
}

/** For each id the length of the longest way to it. */
function depthsOf(graph: FamilyGraph): Map<string, number> {
  const depths = new Map<string, number>();
  for (const name of upstreamsOf(graph)) depths.set(idOf("upstream", name), 0);
  // Layers come after those that they need, but for removed ones, of which it does not matter.
  for (const { name, needs = [], upstreams = [] } of graph.layers) {
    const beneath = [...needs.map((need) => idOf("layer", need)), ...upstreams.map((up) => idOf("upstream", up))];
    depths.set(idOf("layer", name), Math.max(-1, ...beneath.map((id) => depths.get(id) ?? 0)) + 1);
  }
  return depths;
}

function shortened(name: string): string {
  const letters = [...name];
  if (letters.length <= longestName) return name;
  const half = Math.floor((longestName - 1) / 2);
  return `${letters.slice(0, half).join("")}…${letters.slice(-half).join("")}`;
}

/** In no more lines than it needs, of about the same length. */
function wrapped(sentence: string): string[] {
  let lines = linesOf(sentence, longestLine);
  for (let width = longestLine - 1; width > 0; width--) {
    const narrower = linesOf(sentence, width);
    if (narrower.length > lines.length) break;
    lines = narrower;
  }
  return lines.length > mostLines ? [...lines.slice(0, mostLines - 1), `${lines[mostLines - 1]} …`] : lines;
}

function linesOf(sentence: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(/\s+/).filter(Boolean).map(shortened)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Text for where markup is read: nothing in it is markup, and nothing that XML does not take or that turns the text around. */
export function escaped(value: string): string {
  const named: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return value
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "�")
    .replace(/[&<>"']/g, (letter) => named[letter] as string);
}
