import type { Action } from "../../components/catalog/diff";

/** How a layer or an upstream looks. The word on it and its border say the same as its colour, for those who do not see that. */
export interface Look {
  readonly fill: string;
  readonly line: string;
  /** As Graphviz and CSS both call them. */
  readonly border: "solid" | "dashed" | "dotted" | "double";
  /** Of the border, in pixels. */
  readonly width: number;
}

/** `plain`: a layer of a family that is drawn without a plan. */
export type Kind = Action | "plain" | "upstream";

export const looks: Readonly<Record<Kind, Look>> = {
  build: { fill: "#ffdfb0", line: "#b35900", border: "solid", width: 2.5 },
  new: { fill: "#d0f2e4", line: "#007a57", border: "double", width: 1.2 },
  rebase: { fill: "#d6eaff", line: "#0060a8", border: "dashed", width: 1.8 },
  removed: { fill: "#dfe2e7", line: "#242c37", border: "dotted", width: 1.8 },
  unchanged: { fill: "#ffffff", line: "#8b95a3", border: "solid", width: 1 },
  plain: { fill: "#eaf2fb", line: "#3b5b7f", border: "solid", width: 1.2 },
  upstream: { fill: "#f1f3f6", line: "#6f7a88", border: "dotted", width: 1.2 },
};

export const canvas = "#fefefe";
export const text = "#1f2937";
export const faint = "#4c5766";
/** Of arrows: along `strong` ones a change comes. */
export const arrow = "#9aa4b1";
export const strong = "#343e4b";

/** What stands for each of the colours above in a dark scheme. */
export const dark: ReadonlyMap<string, string> = new Map([
  [looks.build.fill, "#553100"],
  [looks.build.line, "#ffab45"],
  [looks.new.fill, "#04402f"],
  [looks.new.line, "#45d3a0"],
  [looks.rebase.fill, "#0b335a"],
  [looks.rebase.line, "#6db9ff"],
  [looks.removed.fill, "#333a44"],
  [looks.removed.line, "#f4f7fa"],
  [looks.unchanged.fill, "#171c24"],
  [looks.unchanged.line, "#6b7685"],
  [looks.plain.fill, "#1b2a3c"],
  [looks.plain.line, "#8fb3d9"],
  [looks.upstream.fill, "#1d222a"],
  [looks.upstream.line, "#8792a0"],
  [canvas, "#0e1218"],
  [text, "#e7ecf2"],
  [faint, "#aeb8c4"],
  [arrow, "#566170"],
  [strong, "#d5dce4"],
]);
