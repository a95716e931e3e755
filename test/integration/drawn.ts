/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** In pixels of the screen. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawn {
  /** Pixels of the screen for one of the drawing. */
  readonly scale: number;
  readonly nodes: readonly { id: string; box: Box; texts: readonly { text: string; box: Box; size: number }[] }[];
  readonly edges: readonly { from: string; to: string; start: Box; tip: Box }[];
}

/** What is drawn, where it is on the screen. Runs in a page. */
export function measure(): Drawn {
  const svg = document.querySelector("svg") as SVGSVGElement;
  const scale = svg.getScreenCTM()?.a ?? 0;
  const boxOf = (element: Element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };
  const nodes = [...svg.querySelectorAll(".node")].map((node) => ({
    id: node.id,
    // The outer one of a double border.
    box: [...node.querySelectorAll("path, polygon")].map(boxOf).sort((a, b) => b.width - a.width)[0] as Box,
    texts: [...node.querySelectorAll("text")].map((text) => ({
      ...{ text: text.textContent ?? "", box: boxOf(text) },
      size: Number.parseFloat(getComputedStyle(text).fontSize) * scale,
    })),
  }));
  const edges = [...svg.querySelectorAll<SVGElement>(".edge")].map((edge) => {
    const path = edge.querySelector("path") as SVGPathElement;
    const at = (length: number) => {
      const { x, y } = path.getPointAtLength(length).matrixTransform(path.getScreenCTM() as DOMMatrix);
      return { x, y, width: 0, height: 0 };
    };
    const { from = "", to = "" } = edge.dataset;
    return { from, to, start: at(0), tip: boxOf(edge.querySelector("polygon") as Element) };
  });
  return { nodes, edges, scale };
}

export interface Style {
  readonly fill: string;
  readonly stroke: string;
  readonly dashed: boolean;
  /** 2 for a double border. */
  readonly outlines: number;
  readonly text: string;
}

/** How nodes look by all rules that apply to them, by id. Runs in a page. */
export function stylesOfNodes(): [string, Style][] {
  return [...document.querySelectorAll(".node")].map((node) => {
    const shapes = [...node.querySelectorAll("path, polygon")];
    const { fill, stroke, strokeDasharray } = getComputedStyle(shapes[0] as Element);
    const text = getComputedStyle(node.querySelector("text") as Element).fill;
    return [node.id, { fill, stroke, dashed: strokeDasharray !== "none", outlines: shapes.length, text }];
  });
}

export function apart(one: Box, other: Box): boolean {
  return (
    one.x + one.width <= other.x ||
    other.x + other.width <= one.x ||
    one.y + one.height <= other.y ||
    other.y + other.height <= one.y
  );
}

export function inside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** But for the width of a border, which Graphviz leaves free: less than half of what is between two nodes. */
export function touch(one: Box, { x, y, width, height }: Box, scale: number): boolean {
  const free = 5 * scale;
  return !apart(one, { x: x - free, y: y - free, width: width + 2 * free, height: height + 2 * free });
}

export function rgb(colour: string): string {
  return `rgb(${[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(", ")})`;
}
