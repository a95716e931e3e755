import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { escaped, factsOf, keysOf, kindOf } from "./dot";
import { type FamilyGraph, type GraphLayer, idOf, sizeOf, upstreamsOf } from "./family-graph";
import { arrow, canvas, dark, faint, looks, strong, text } from "./palette";
import { darkRules } from "./svg";

/** The most reasons of a layer that the page holds. */
const mostReasons = 100;

/** A family of more layers than this has a field to search in. */
const mostWithoutSearch = 12;

/**
 * The family as one page that needs no other file and no network: the drawing, and beside it each layer with its reasons, which a
 * small script brings forward for the layer that one points at. Without the script all of them are listed.
 *
 * @param svg as `inlineSvgOf` draws it
 */
export function pageOf(graph: FamilyGraph, svg: string): string {
  const style = colourRules() + readFileSync(join(__dirname, "page/look.css"), "utf8");
  const script = readFileSync(join(__dirname, "page/point.js"), "utf8");
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const title = escaped(graph.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="summary">${sizeOf(graph)}</p>
${legendOf(graph)}
<div class="tools" hidden>
${graph.layers.length > mostWithoutSearch ? '<input type="search" placeholder="Find a layer" aria-label="Find a layer">' : ""}
<span class="zoom" role="group" aria-label="Size of the drawing"><button type="button" data-zoom="out" aria-label="Smaller">−</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="in" aria-label="Larger">+</button></span>
</div>
</header>
<main>
${svg}</main>
<aside aria-label="Layers and why they change">
<p class="hint" hidden></p>
<ol>
${graph.layers.map(cardOf).join("\n")}
${upstreamsOf(graph).map(upstreamCard).join("\n")}
</ol>
</aside>
<script>${script}</script>
</body>
</html>
`;
}

function cardOf(layer: GraphLayer): string {
  const { name, reasons = [], needs = [], upstreams = [], description } = layer;
  const id = idOf("layer", name);
  const facts = factsOf(layer);
  const word = layer.action === undefined ? "" : `<span class="word">${layer.action}</span>`;
  const more = reasons.length - mostReasons;
  const listed = [...reasons.slice(0, mostReasons), ...(more > 0 ? [`and ${more} more`] : [])];
  const beneath = [...upstreams.map((up) => link("upstream", up)), ...needs.map((need) => link("layer", need))];
  return [
    `<li id="why-${id}" class="${kindOf(layer)}" data-node="${id}">`,
    `<h2>${link("layer", name)}${word}</h2>`,
    description ? `<p>${escaped(description)}</p>` : "",
    facts.length > 1 ? `<p class="facts">expected: ${escaped(facts.slice(1).join(", "))}</p>` : "",
    listed.length > 0 ? `<ul>${listed.map((reason) => `<li><bdi>${escaped(reason)}</bdi></li>`).join("")}</ul>` : "",
    beneath.length > 0 ? `<p class="needs">on ${beneath.join(", ")}</p>` : "",
    "</li>",
  ].join("");
}

function upstreamCard(name: string): string {
  const id = idOf("upstream", name);
  const heading = `<h2>${link("upstream", name)}<span class="word">upstream</span></h2>`;
  return `<li id="why-${id}" class="upstream" data-node="${id}">${heading}</li>`;
}

function link(kind: "layer" | "upstream", name: string): string {
  return `<a href="#${idOf(kind, name)}">${escaped(name)}</a>`;
}

function legendOf(graph: FamilyGraph): string {
  const keys = keysOf(graph).map(
    ([kind, words]) => `<li class="${kind}"><span class="word">${escaped(words)}</span></li>`,
  );
  return keys.length > 0 ? `<ul class="legend" aria-label="Legend">${keys.join("")}</ul>` : "";
}

/** The drawing's colours as variables and classes of the page, in both schemes. */
function colourRules(): string {
  const named = Object.entries({ canvas, text, faint, arrow, strong });
  const variables = (scheme: (colour: string) => string) =>
    named.map(([name, colour]) => `--${name}:${scheme(colour)};`).join("") +
    Object.entries(looks)
      .map(([kind, { fill, line }]) => `--${kind}:${scheme(fill)};--${kind}-line:${scheme(line)};`)
      .join("");
  const words = Object.entries(looks).map(([kind, { border, width }]) => {
    const thick = border === "double" ? 3 : Math.max(1, Math.round(width));
    return `.${kind}>.word,.${kind}>h2>.word{background:var(--${kind});border:${thick}px ${border} var(--${kind}-line)}`;
  });
  return (
    `:root{color-scheme:light dark;${variables((colour) => colour)}}` +
    `@media screen and (prefers-color-scheme:dark){:root{${variables((colour) => dark.get(colour) ?? colour)}}${darkRules}}` +
    words.join("")
  );
}

function hashOf(content: string): string {
  return `sha256-${createHash("sha256").update(content).digest("base64")}`;
}
