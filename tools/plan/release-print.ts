import type { EngineEvent } from "@pulumi/pulumi/automation";
import { nameIn } from "../../components/urn";
import { printable, table } from "../terminal";
import type { CommitLine } from "./commits-between";
import { type CopyChange, copyChange, type TagChange, tagChanges } from "./release-events";

/** What a stack takes over of another one. */
export interface Promotions {
  /** The stack that is promoted from. */
  readonly from: string;
  readonly layers: readonly PromotedLayer[];
}

/** A layer, with the commits between its images; undefined where they are not known. */
export interface PromotedLayer extends CopyChange {
  readonly between: readonly CommitLine[] | undefined;
}

/** How many commits between two images a plan names. */
export const mostCommits = 20;

/** How many tags a plan names. */
const mostTags = 30;

/** `dev → prod: 1 promoted, 1 held of 3 layers` */
export function promotionSummary({ from, layers }: Promotions, stack: string): string {
  const count = (action: CopyChange["action"]) => layers.filter((layer) => layer.action === action).length;
  const parts = [
    ...[
      ["new", count("new")] as const,
      ["promoted", count("promoted")] as const,
      ["removed", count("removed")] as const,
    ],
    ["held", layers.filter(({ held }) => held).length] as const,
  ].flatMap(([what, number]) => (number > 0 ? [`${number} ${what}`] : []));
  const what = parts.length > 0 ? `${parts.join(", ")} of ${layers.length} layers` : "nothing to promote";
  return `${from} → ${stack}: ${what}`;
}

/** Digest by digest what is promoted, and the commits between. */
export function promotionLines({ layers }: Promotions): string[] {
  const changed = layers.filter(({ action, held }) => action !== "unchanged" || held);
  if (changed.length === 0) return [];
  const rows = changed.map(({ layer, action, from, to, held, between }) => [
    layer,
    held ? (action === "unchanged" ? "held" : `${action}, held`) : action,
    short(from),
    short(to),
    countOf(between),
  ]);
  const commits = changed.flatMap(({ layer, between = [] }) =>
    between.length === 0
      ? []
      : [
          `${layer}:`,
          ...between
            .slice(0, mostCommits)
            .map(({ commit, subject }) => `  ${commit.slice(0, 12)} ${printable(subject)}`),
          ...(between.length > mostCommits ? ["  and more"] : []),
        ],
  );
  return [table(["layer", "action", "from", "to", "commits"], rows), ...(commits.length > 0 ? ["", ...commits] : [])];
}

/** The same in lines that need no columns, for a comment. */
export function promotionSentences({ layers }: Promotions): string[] {
  return layers
    .filter(({ action, held }) => action !== "unchanged" || held)
    .map(({ layer, action, from, to, held, between }) => {
      const commits =
        between === undefined ? "" : `, ${countOf(between)} ${between.length === 1 ? "commit" : "commits"}`;
      const subjects = (between ?? []).slice(0, mostCommits).map(({ subject }) => printable(subject));
      const what = `${layer} ${action}${held ? ", held" : ""}: ${short(from)} → ${short(to)}${commits}`;
      return subjects.length > 0 ? `${what} (${subjects.join("; ")})` : what;
    });
}

/** Which tags people pull change. */
export function tagLines(tags: readonly TagChange[]): string[] {
  const shown = tags.slice(0, mostTags).map(({ tag, action, from, to }) => {
    const what = {
      new: `→ ${to === null ? "what is built" : short(to)}`,
      moved: `${short(from)} → ${to === null ? "what is built" : short(to)}`,
      removed: `taken away from ${short(from)}`,
    };
    return `  ${tag} ${what[action]}`;
  });
  const more = tags.length - mostTags;
  return tags.length === 0 ? [] : ["Tags:", ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** What an update has just done to an image or its names, a line each: `app  copied as 4f3a91c20b7e`. */
export function doneLines({ resOutputsEvent: event }: EngineEvent): string[] {
  if (!event) return [];
  const step = { resourcePreEvent: event } as unknown as EngineEvent;
  const copy = copyChange(step);
  const line = (layer: string, what: string) => `  ${layer.padEnd(16)} ${what}`;
  const names = tagChanges(step).map(({ layer, tag, action, to }) => {
    const name = tag.slice(tag.lastIndexOf(":") + 1);
    return line(layer, action === "removed" ? `is no longer named ${name}` : `${name} names ${short(to)}`);
  });
  return copy && (copy.action === "new" || copy.action === "promoted")
    ? [line(copy.layer, `copied as ${short(copy.to)}`), ...names]
    : names;
}

/** The layer that an event of the engine is about. */
export function layerIn({ resOutputsEvent: event }: EngineEvent): string {
  return nameIn(event?.metadata.urn ?? "");
}

function countOf(between: readonly CommitLine[] | undefined): string {
  if (between === undefined) return "?";
  return between.length > mostCommits ? `more than ${mostCommits}` : String(between.length);
}

/** The first 12 digits, which tell images apart as people read them. */
function short(digest: string | null): string {
  return digest === null ? "–" : digest.replace("sha256:", "").slice(0, 12);
}
