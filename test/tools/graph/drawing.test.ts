import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dotOf, escaped } from "../../../tools/graph/dot";
import { edgesOf, type FamilyGraph, upstreamsOf } from "../../../tools/graph/family-graph";
import { pageOf } from "../../../tools/graph/page";
import { canvas, dark, looks } from "../../../tools/graph/palette";
import { inlineSvgOf, svgOf } from "../../../tools/graph/svg";
import { chain, family, hostile } from "./families";

const page = async (graph: FamilyGraph) => pageOf(graph, await inlineSvgOf(graph, dotOf(graph, { legend: false })));

describe("the drawing of a family", () => {
  it("is the same for the same family, whatever was drawn before", async () => {
    const draw = async () => [await svgOf(chain(), dotOf(chain())), await page(chain())];
    const first = await draw();
    await svgOf(family(20), dotOf(family(20)));
    assert.deepEqual(await draw(), first);
  });

  it("has a node for each layer and upstream and an arrow for each need, by ids made of the names", async () => {
    const graph = family(60);
    const svg = await svgOf(graph, dotOf(graph));
    assert.equal(svg.match(/class="node /g)?.length, 60 + upstreamsOf(graph).length);
    assert.equal(svg.match(/class="edge /g)?.length, edgesOf(graph).length);
    for (const { name, action } of graph.layers)
      assert.ok(svg.includes(`<g id="layer-${name}" class="node ${action}">`), name);
  });

  it("has as many where everything stands on much else", async () => {
    const layers = Array.from({ length: 400 }, (_, index) => ({
      name: `layer-${index}`,
      needs: [...new Set([7, 11, 13, 17].map((step) => (index * step) % Math.max(1, index - 1)))]
        .filter((need) => need < index)
        .map((need) => `layer-${need}`),
    }));
    const graph = { title: "dense", layers };
    const svg = await svgOf(graph, dotOf(graph));
    assert.ok(edgesOf(graph).length > 1000);
    assert.equal(svg.match(/class="edge /g)?.length, edgesOf(graph).length);
  });

  it("says in words what its colours say, with the reasons in a note", async () => {
    const svg = await svgOf(chain(), dotOf(chain()));
    assert.ok(svg.includes("<title>tooling, build, 12 s, 34.1 MB\nM Dockerfile\nM packages.lock</title>"), svg);
    assert.ok(svg.includes(">build · 12 s · 34.1 MB<"), svg);
    assert.match(svg, /<desc id="family-about">3 layers: 1 build, 1 rebase, 1 unchanged; tooling: build, 12 s/);
  });

  it("shortens a name that is too long, and keeps it whole in the note", async () => {
    const name = `${"a".repeat(60)}z`;
    const graph = { title: "t", layers: [{ name }] };
    const svg = await svgOf(graph, dotOf(graph));
    assert.ok(svg.includes(`<title>${name}</title>`));
    assert.ok(svg.includes(`>${"a".repeat(17)}…${"a".repeat(16)}z<`), svg);
  });

  it("draws a family of none and of one", async () => {
    for (const layers of [[], [{ name: "only" }]]) {
      assert.match(await svgOf({ title: "t", layers }, dotOf({ title: "t", layers })), /^<svg width=/);
      assert.match(await page({ title: "t", layers }), /<\/html>\n$/);
    }
  });

  it("takes names, reasons and titles for text, whatever is in them", async () => {
    const worded = (words: string): FamilyGraph => ({
      title: words,
      layers: [
        { name: words, description: words, action: "build", reasons: [words], upstreams: [words] },
        { name: "app", action: "rebase", reasons: [`parent ${words}`], needs: [words] },
      ],
    });
    // Of lines of text there may be more or fewer.
    const tags = (markup: string) => markup.match(/<(?!\/?text)[a-z!/]+/gi);
    const plain = worded("w");
    for (const words of hostile) {
      const graph = worded(words);
      for (const drawn of [await svgOf(graph, dotOf(graph)), await page(graph)]) {
        assert.ok(drawn.includes(escaped(words)));
        const harmless = drawn.startsWith("<svg") ? await svgOf(plain, dotOf(plain)) : await page(plain);
        assert.deepEqual(tags(drawn), tags(harmless), words);
        assert.doesNotMatch(drawn, /[^\P{Cc}\n]|[\u202e\ud800]/u);
      }
    }
  });

  it("allows a page its own style and script alone", async () => {
    const html = await page(chain());
    const hash = (tag: string) => {
      const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] as string;
      return `sha256-${createHash("sha256").update(content).digest("base64")}`;
    };
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    const own = `style-src '${hash("style")}'; script-src '${hash("script")}'`;
    assert.equal(policy, `default-src 'none'; ${own}; base-uri 'none'; form-action 'none'`);
    assert.doesNotMatch(html.replace(/xmlns(:xlink)?="[^"]*"/g, ""), /https?:|src=|url\(|style="/);
  });

  it("has a dark colour for each light one, and enough contrast in both schemes", () => {
    const text = "#1f2937";
    for (const [kind, { fill, line }] of Object.entries(looks)) {
      const darkOf = (colour: string) => dark.get(colour) ?? assert.fail(`${colour} of ${kind} has no dark one`);
      for (const as of [(colour: string) => colour, darkOf]) {
        assert.ok(contrast(as(text), as(fill)) >= 7, `text on ${kind}`);
        assert.ok(contrast(as("#4c5766"), as(fill)) >= 4.5, `small text on ${kind}`);
        assert.ok(contrast(as(line), as(canvas)) >= 3, `the border of ${kind}`);
      }
    }
    assert.equal(new Set(dark.values()).size, dark.size);
  });

  it("keeps actions apart for those who do not see red, green or blue, and by their borders for those who see none", () => {
    const kinds = Object.entries(looks).filter(([kind]) => kind !== "plain");
    for (const scheme of [(colour: string) => colour, (colour: string) => dark.get(colour) as string]) {
      for (const [missing, matrix] of Object.entries(blindness)) {
        for (const [index, [one, { fill, line }]] of kinds.entries()) {
          for (const [other, look] of kinds.slice(index + 1)) {
            const apart = [distance(fill, look.fill), distance(line, look.line)];
            function distance(a: string, b: string): number {
              const [from, to] = [a, b].map((colour) => labOf(seen(linear(scheme(colour)), matrix)));
              return Math.hypot(...(from as number[]).map((part, at) => part - ((to as number[])[at] as number)));
            }
            const alike = [one, other].every((kind) => kind === "unchanged" || kind === "upstream");
            assert.ok(alike || Math.max(...apart) >= 12, `${one} and ${other} without ${missing}: ${apart}`);
          }
        }
      }
    }
    const borders = kinds.map(
      ([kind, { border, width }]) => `${border} ${width} ${kind === "upstream" ? "square" : "round"}`,
    );
    assert.equal(new Set(borders).size, kinds.length);
  });
});

/** What of linear red, green and blue is seen where one kind of cones is missing, by Machado, Oliveira and Fernandes (2009). */
const blindness = {
  nothing: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  red: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  green: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  blue: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function seen([red, green, blue]: readonly number[], matrix: readonly number[]): number[] {
  const mixed = [0, 3, 6].map((row) => {
    const [a, b, c] = matrix.slice(row, row + 3) as [number, number, number];
    return a * (red as number) + b * (green as number) + c * (blue as number);
  });
  return mixed.map((part) => Math.min(1, Math.max(0, part)));
}

/** CIE Lab, in which distances are about those that people see. */
function labOf([red, green, blue]: readonly number[]): number[] {
  const [r, g, b] = [red, green, blue] as [number, number, number];
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116)) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** By WCAG 2: from 1 to 21. */
function contrast(one: string, other: string): number {
  const [light, shade] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (shade + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = linear(colour) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Red, green and blue as light, each from 0 to 1. */
function linear(colour: string): number[] {
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}
