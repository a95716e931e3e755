import { megabytesOf } from "../../components/catalog/size";
import { reasonsText } from "../plan/print";
import { printable, seconds, table } from "../terminal";
import type { CommitImage, Difference, Why } from "./shape";

/** How many files a text names; JSON has all. */
const mostFiles = 40;

/** Of the first column. */
const width = 12;

/** For people. */
export function whyText(why: Why): string {
  const { image, ingredients, built, last } = why;
  const lines = [
    row("layer", `${why.layer} of the stack ${why.stack}`),
    row("image", image?.ref ?? "none: it is not built, or what it is built from has changed since"),
    ...(image ? [row("build id", image.buildId), row("pushed as", image.tag ?? "–")] : []),
    row("tags", why.tags === null ? "not known" : why.tags.join(", ") || "none"),
    row("stacks", why.stacks.join(", ") || "none"),
    ...(built ? [row("built", builtText(built))] : []),
    row("changed by", last ? commitText(last) : "not known"),
    ...(last && last.reasons.length > 0 ? [row("", reasonsText(last.reasons))] : []),
    ...(why.uncommitted.length > 0 ? [row("", `and, in no commit: ${reasonsText(why.uncommitted)}`)] : []),
    row(
      "now",
      why.changes.length > 0
        ? `would change: ${reasonsText(why.changes)}; strata plan has the whole`
        : "would not change",
    ),
    "",
    image ? "What it is made of:" : "What it would be made of:",
    ...listed(
      "parents",
      why.parents.map(
        ({ name, kind, digest }) => `${name}  ${digest ?? "not built yet"}${kind === "upstream" ? "  (upstream)" : ""}`,
      ),
    ),
    row("platforms", ingredients.platforms.join(", ")),
    row("dockerfile", `${ingredients.dockerfile.split("\n").length - 1} lines`),
    ...listed("files", some(ingredients.files.map(({ mode, path }) => `${mode.padEnd(4)}  ${printable(path)}`))),
    ...listed("arguments", pairs(ingredients.arguments)),
    ...listed("options", pairs(ingredients.options)),
    ...(ingredients.rebuild > 0 ? [row("rebuild", String(ingredients.rebuild))] : []),
  ];
  return [...lines, ...notesText(why.notes)].join("\n");
}

/** For people. */
export function commitImageText({ layer, stack, commit, changed, tag, digest, ref }: CommitImage): string {
  const isSame = commit.commit === changed.commit;
  const lines = [
    row("layer", `${layer} of the stack ${stack}`),
    row("commit", commitText(commit)),
    row("changed by", isSame ? "this commit" : commitText(changed)),
    ...(changed.reasons.length > 0 ? [row("", reasonsText(changed.reasons))] : []),
    row("tag", tag),
    row("image", ref ?? "none: no build of that commit has this tag"),
  ];
  const how = `build it with {commit} among strata:releaseTags: git switch --detach ${changed.commit}, then strata up --stack ${stack}`;
  return [...lines, ...(digest === null ? notesText([how]) : [])].join("\n");
}

function commitText({ commit, time, subject }: { commit: string; time: string; subject: string }): string {
  return `${commit.slice(0, 12)} ${time.slice(0, 10)} ${printable(subject)}`;
}

/** For people. @param difference between two images */
export function differenceText(difference: Difference): string {
  const { first, second, ingredients, config, steps, layers, files } = difference;
  const rows = layers.map(({ in: where, digest, size, step }) => [
    mark[where],
    sizeText(size).padStart(9),
    digest.slice(7, 19),
    short(step ?? "–"),
  ]);
  const shared = layers.filter((layer) => layer.in === "both");
  const lines = [
    row("layer", `${difference.layer}, ${difference.platform}`),
    row("-", sideText(first)),
    row("+", sideText(second)),
    row(
      "built from",
      ingredients === null ? "not known of both" : ingredients.length > 0 ? reasonsText(ingredients) : "the same",
    ),
    ...listed(
      "config",
      config.map(({ key, before, after }) => `${key}  ${quoted(before)} → ${quoted(after)}`),
    ),
    ...listed(
      "steps",
      steps.map((step) => `${mark[step.in]} ${short(step.step)}`),
    ),
    "",
    table([" ", "size", "layer", "step"], rows),
    `${shared.length} of ${layers.length} filesystem layers are in both images`,
    "",
    ...(files === null ? [] : filesText(files)),
  ];
  return [...lines, ...notesText(difference.notes)].join("\n");
}

const mark = { both: " ", first: "-", second: "+" } as const;

function filesText(files: NonNullable<Difference["files"]>): string[] {
  if (files.length === 0)
    return ["No file differs: what differs of the layers is times, or the order of their entries"];
  return some(
    files.map(({ change, path, of, before, after }) => {
      const sizes =
        change === "M" && before !== after
          ? `${before ?? "–"} → ${after ?? "–"} bytes`
          : `${after ?? before ?? 0} bytes`;
      const what = of.length > 0 ? ` (${of.join(", ")})` : "";
      return `${change} ${printable(path)}  ${before === null && after === null ? "" : sizes}${what}`.trimEnd();
    }),
  );
}

function sideText({ digest, stack, commit }: Difference["first"]): string {
  return `${digest}${stack ? `  stack ${stack}` : ""}${commit ? `  commit ${commit.slice(0, 12)}${commit.endsWith("-dirty") ? "-dirty" : ""}` : ""}`;
}

function builtText({ seconds: taken, sizeBytes, addedBytes, commit }: NonNullable<Why["built"]>): string {
  return [
    ...(taken === null ? [] : [`in ${seconds(taken)}`]),
    ...(sizeBytes === null ? [] : [sizeText(sizeBytes)]),
    ...(addedBytes === null ? [] : [`${sizeText(addedBytes)} of them its own`]),
    ...(commit === null
      ? []
      : [`from ${commit.slice(0, 12)}${commit.endsWith("-dirty") ? ", with what was not committed" : ""}`]),
  ].join(", ");
}

/** Small ones too, of which there are many. */
function sizeText(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : megabytesOf(bytes);
}

function row(title: string, text: string): string {
  return `${title.padEnd(width)}${text}`;
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => row(index === 0 ? title : "", line));
}

function notesText(notes: readonly string[]): string[] {
  return notes.length > 0 ? ["", ...notes.map((note) => `Note: ${note}`)] : [];
}

function pairs(map: Readonly<Record<string, string>>): string[] {
  return Object.entries(map).map(([key, value]) => (value === "" ? key : `${key}=${printable(value)}`));
}

function some(lines: readonly string[]): string[] {
  const more = lines.length - mostFiles;
  return more > 0 ? [...lines.slice(0, mostFiles), `and ${more} more; --json has them`] : [...lines];
}

function quoted(value: string | null): string {
  return value === null ? "nothing" : `"${short(value)}"`;
}

/** One line of a step, without what BuildKit writes around it. */
function short(text: string): string {
  const line = printable(
    text
      .replace(/\s+/g, " ")
      .replace(/ # buildkit$/, "")
      .trim(),
  );
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
