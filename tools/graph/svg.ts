import { edgeId, escaped, factsOf, measuredFont } from "./dot";
import { edgesOf, type FamilyGraph, type GraphLayer, idOf, summaryOf, upstreamsOf } from "./family-graph";
import { dark } from "./palette";

/** The most reasons in a note beside the pointer, which cannot be scrolled. */
const mostReasons = 12;

/** The dark scheme: Graphviz writes the light one's colours as attributes, which any rule goes before. */
export const darkRules = [...dark]
  .map(([light, colour]) => `[fill="${light}"]{fill:${colour}}[stroke="${light}"]{stroke:${colour}}`)
  .join("");

/**
 * Draws a family as SVG that can stand alone: a title and a description for those who do not see it, a note with the reasons at
 * each layer, a dark scheme. The same drawing gives the same text.
 *
 * @param dot of the same graph
 */
export async function svgOf(graph: FamilyGraph, dot: string): Promise<string> {
  const title = escaped(graph.title);
  const head =
    `role="img" aria-labelledby="family-title family-about"><title id="family-title">${title}</title>` +
    `<desc id="family-about">${escaped(aboutOf(graph))}</desc>` +
    `<style>@media screen and (prefers-color-scheme: dark){${darkRules}}.node:hover{filter:brightness(.94)}</style>`;
  return withNotes(graph, await drawn(dot)).replace(/^<svg ([^>]*)>/, (_, attributes) => `<svg ${attributes} ${head}`);
}

/**
 * Draws the family for a page, which brings colours and words of its own: each node can be focused and is described by the part of
 * the page with the id `why-` and its own; each arrow says what it leads from and to.
 */
export async function inlineSvgOf(graph: FamilyGraph, dot: string): Promise<string> {
  const labels = new Map(graph.layers.map((layer) => [idOf("layer", layer.name), [layer.name, ...factsOf(layer)]]));
  for (const name of upstreamsOf(graph)) labels.set(idOf("upstream", name), [name, "upstream"]);
  const ends = new Map(edgesOf(graph).map(({ from, to }) => [edgeId(from, to), { from, to }]));
  let tabindex = 0;
  return (await drawn(dot))
    .replace(/<title>[^<]*<\/title>\n?/g, "")
    .replace(/<g id="([^"]*)" class="node ([^"]*)">/g, (_, id: string, kind: string) => {
      const label = escaped((labels.get(id) as string[]).join(", "));
      const focus = `tabindex="${tabindex}" role="button" aria-pressed="false" aria-describedby="why-${id}"`;
      tabindex = -1;
      return `<g id="${id}" class="node ${kind}" ${focus} aria-label="${label}">`;
    })
    .replace(/<g id="([^"]*)" class="edge ([^"]*)">/g, (_, id: string, kind: string) => {
      const { from, to } = ends.get(id) as { from: string; to: string };
      return `<g class="edge ${kind}" data-from="${from}" data-to="${to}" aria-hidden="true">`;
    })
    .replace(/^<svg /, () => `<svg role="group" aria-label="${escaped(graph.title)}" `);
}

/** What Graphviz draws, in pixels, without what only a file of its own has. */
async function drawn(dot: string): Promise<string> {
  // Graphviz as WebAssembly, over a megabyte that no other verb should load.
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  const svg = viz.renderString(dot, { format: "svg" });
  return (
    svg
      .slice(svg.indexOf("<svg"))
      .replace(/<!--[\s\S]*?-->\n?/g, "")
      .replaceAll("&#45;", "-")
      // Dots that are closer, so that they make a line.
      .replaceAll('stroke-dasharray="1,5"', 'stroke-dasharray="2,2"')
      .replaceAll(`font-family="${measuredFont}"`, 'font-family="system-ui,sans-serif"')
      .replace(/<g id="[^"]*" class="node [^"]*">[\s\S]*?<\/g>/g, centred)
      .replace(/^<svg width="([\d.]+)pt" height="([\d.]+)pt"/, '<svg width="$1" height="$2"')
  );
}

/** Graphviz says where a line of text begins; in another font than it measured, the middle stays where it is. */
function centred(node: string): string {
  const [, outline = ""] = / (?:points|d)="([^"]*)"/.exec(node) ?? [];
  const across = [...outline.matchAll(/(-?[\d.]+),/g)].map(([, x]) => Number(x));
  const middle = (Math.min(...across) + Math.max(...across)) / 2;
  return node.replace(/text-anchor="start" x="[^"]*"/g, `text-anchor="middle" x="${middle.toFixed(2)}"`);
}

/** A browser shows an element's title beside the pointer. */
function withNotes(graph: FamilyGraph, svg: string): string {
  const notes = new Map(graph.layers.map((layer) => [idOf("layer", layer.name), noteOf(layer)]));
  for (const name of upstreamsOf(graph)) notes.set(idOf("upstream", name), escaped(`${name}, upstream`));
  return svg
    .replace(/(<g id="([^"]*)" class="node [^"]*">\n)<title>[^<]*<\/title>/g, (_, tag: string, id: string) => {
      return `${tag}<title>${notes.get(id)}</title>`;
    })
    .replace(/(<g id="[^"]*" class="(?:graph|edge [^"]*)"[^>]*>\n)<title>[^<]*<\/title>\n/g, "$1");
}

function noteOf(layer: GraphLayer): string {
  const { name, description, reasons = [] } = layer;
  const more = reasons.length - mostReasons;
  const lines = [
    [name, ...factsOf(layer)].join(", "),
    ...(description ? [description] : []),
    ...reasons.slice(0, mostReasons),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  return lines.map(escaped).join("\n");
}

function aboutOf(graph: FamilyGraph): string {
  const changed = graph.layers.filter(({ action }) => action !== undefined && action !== "unchanged");
  const told = changed.slice(0, mostReasons).map((layer) => `${layer.name}: ${factsOf(layer).join(", ")}`);
  const more = changed.length - told.length;
  return [summaryOf(graph), ...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
