import type { TopLevelSpec } from "vega-lite";
import { contenders } from "./contenders/contenders";
import { Measurements } from "./figures";
import type { Measured } from "./records";
import { sizesIn } from "./results";
import { contenderIds, mixChanges } from "./schedule";
import { changeNames } from "./things";

/** A picture of the document. */
export interface Plot {
  /** @example "mix.svg" */
  readonly file: string;
  /** What it shows, for who cannot see it. */
  readonly about: string;
  readonly spec: TopLevelSpec;
}

const ink = "#1f2328";
const muted = "#d0d7de";
/** Strata's colour and everybody else's: told apart on white and on black, and without colours by their lightness. */
const strataColour = "#c2560a";
const othersColour = "#6e8fb5";

/** In the dark, text and lines are light. The bars can be seen on both. */
const style = `<style>@media (prefers-color-scheme: dark){[fill="${ink}"]{fill:#e6edf3}[stroke="${ink}"]{stroke:#e6edf3}[stroke="${muted}"]{stroke:#3d444d}}</style>`;

/** The pictures for which there are figures. */
export function plotsOf(records: readonly Measured[], family: string): Plot[] {
  const measured = new Measurements(records);
  const mix = mixChanges.flatMap((change) =>
    contenderIds.flatMap((id) => {
      const { seconds } = measured.of("mix", family, id, change);
      return seconds === undefined
        ? []
        : [{ change: changeNames[change], contender: titleOf(id), seconds, ours: id === "e" }];
    }),
  );
  const cold = contenderIds.flatMap((id) => {
    const { seconds } = measured.of("cold", family, id, "first");
    return seconds === undefined ? [] : [{ contender: titleOf(id), seconds, ours: id === "e" }];
  });
  const noop = sizesIn(records).flatMap((size) =>
    (["plan", "preview", "up", "bake", "push"] as const).flatMap((what) => {
      const by = what === "bake" || what === "push" ? "c" : "e";
      const { seconds } = measured.of("noop", `layers${size}`, by, what);
      return seconds === undefined ? [] : [{ size, command: lineNames[what], seconds }];
    }),
  );
  return [
    ...(mix.length > 0 ? [mixPlot(mix)] : []),
    ...(cold.length > 0 ? [coldPlot(cold)] : []),
    ...(noop.length > 0 ? [noopPlot(noop)] : []),
  ];
}

const lineNames = {
  plan: "strata plan",
  preview: "pulumi preview",
  up: "pulumi up",
  bake: "bake, no output",
  push: "bake",
} as const;

function titleOf(id: (typeof contenderIds)[number]): string {
  return contenders[id].title.replaceAll("`", "");
}

const config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  axis: {
    labelColor: ink,
    titleColor: ink,
    domainColor: ink,
    tickColor: ink,
    gridColor: muted,
    labelFontSize: 12,
    titleFontSize: 12,
    labelLimit: 0,
  },
  header: { labelColor: ink, titleColor: ink, labelFontSize: 13, labelFontWeight: "bold" },
  legend: { labelColor: ink, titleColor: ink, labelFontSize: 12 },
  title: { color: ink },
  view: { stroke: "transparent" },
} as const;

const colour = {
  field: "ours",
  type: "nominal",
  scale: { domain: [true, false], range: [strataColour, othersColour] },
  legend: null,
} as const;

const order = contenderIds.map(titleOf);

/** Seconds of contenders. As dots where the scale is logarithmic, which has no zero for bars to begin at. */
function seconds(values: readonly { readonly seconds: number }[], log: boolean) {
  const all = values.map(({ seconds }) => seconds);
  const scale = log ? { type: "log", domain: [Math.min(0.5, ...all) * 0.8, Math.max(...all) * 1.6], nice: false } : {};
  const axis = log ? { values: steps } : {};
  const title = log ? "seconds (logarithmic)" : "seconds";
  const x = { field: "seconds", type: "quantitative", title, scale, axis };
  const y = { field: "contender", type: "nominal", sort: order, title: null };
  const text = { field: "seconds", type: "quantitative", format: ".3~r" };
  const mark = log ? { type: "point", filled: true, size: 90, opacity: 1 } : { type: "bar" };
  return {
    data: { values },
    layer: [
      { mark, encoding: { y, x, color: colour } },
      { mark: { type: "text", align: "left", dx: log ? 9 : 4, color: ink, fontSize: 11 }, encoding: { y, x, text } },
    ],
  };
}

/** Of a logarithmic scale. */
const steps = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

function mixPlot(values: readonly { readonly change: string | undefined; readonly seconds: number }[]): Plot {
  const { layer, data } = seconds(values, true);
  const changes = [...new Set(values.map(({ change }) => change))];
  return {
    file: "mix.svg",
    about: "Seconds that each contender takes for each change of the mix, on a logarithmic scale",
    spec: {
      data,
      facet: { row: { field: "change", type: "nominal", sort: changes, title: null, header: { orient: "top" } } },
      spec: { width: 480, height: { step: 20 }, layer },
      resolve: { axis: { x: "shared" } },
      config,
    } as unknown as TopLevelSpec,
  };
}

function coldPlot(values: readonly { readonly seconds: number }[]): Plot {
  return {
    file: "cold.svg",
    about: "Seconds that each contender takes for the first build of the chain, of which nobody has a cache",
    spec: { width: 480, height: { step: 22 }, ...seconds(values, false), config } as unknown as TopLevelSpec,
  };
}

function noopPlot(values: readonly { readonly size: number }[]): Plot {
  const shades = [strataColour, "#e08a3c", "#a1530f", "#7fa3cf", "#5b82ad"];
  const names = Object.values(lineNames);
  const sizes = [...new Set(values.map(({ size }) => size))];
  const encoding = {
    x: {
      field: "size",
      type: "quantitative",
      title: "layers (logarithmic)",
      scale: { type: "log", nice: false },
      axis: { values: sizes },
    },
    y: {
      field: "seconds",
      type: "quantitative",
      title: "seconds (logarithmic)",
      scale: { type: "log" },
      axis: { values: steps },
    },
    color: { field: "command", type: "nominal", title: null, sort: names, scale: { domain: names, range: shades } },
    strokeDash: { field: "command", type: "nominal", title: null, sort: names },
  };
  return {
    file: "noop.svg",
    about: "Seconds that a command takes where nothing changed, by the number of layers, both logarithmic",
    spec: {
      width: 420,
      height: 240,
      data: { values },
      mark: { type: "line", strokeWidth: 2, point: { size: 40 } },
      encoding,
      config,
    } as unknown as TopLevelSpec,
  };
}

/** @returns a picture for light and dark pages */
export async function svgOf({ spec, about }: Plot): Promise<string> {
  // They are large, and needed only here.
  const { compile } = await import("vega-lite");
  const { parse, View } = await import("vega");
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  const titled = svg.replace(/<svg ([^>]*)>/, (_, attributes: string) => {
    return `<svg ${attributes} role="img" aria-label="${about}"><title>${about}</title>${style}`;
  });
  return `${titled}\n`;
}
