import type { Pin } from "../../components/catalog/pins/compare";
import { table } from "../terminal";
import type { PinsSurvey } from "./pins";

/** What has moved as a table, and one line that sums it up. */
export function pinsText(survey: PinsSurvey, written: boolean): string {
  const { pins } = survey;
  const shown = pins.filter(({ state }) => state !== "same");
  const rows = [...Map.groupBy(shown, ({ file }) => file)].flatMap(([file, moved]) => rowsOf(file, moved, pins));
  const parts = rows.length > 0 ? [table(["file", "name", "pin", "now", "note", "layers"], rows), ""] : [];
  return [...parts, summary(survey, written)].join("\n");
}

/** The form that docs/guide/pins.md describes. */
export function pinsJson({ pins, changes, problems, warnings }: PinsSurvey, written: boolean): object {
  const files = changes.map(({ file }) => file);
  return { version: 1, moved: files, written: written ? files : [], pins, problems, warnings };
}

function rowsOf(file: string, moved: readonly Pin[], all: readonly Pin[]): string[][] {
  const [first] = moved as [Pin, ...Pin[]];
  const isFirstLock = all.every((pin) => pin.file !== file || pin.state === "new");
  if (isFirstLock) return [[file, counted(moved.length, "package"), "–", "–", "new lock", first.layers.join(", ")]];
  return moved.map((pin) => [file, pin.name, short(pin.pin), short(pin.now), noteOn(pin), pin.layers.join(", ")]);
}

function short(pin: string | null): string {
  return pin?.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1") ?? "–";
}

function noteOn({ kind, state, security, dropped }: Pin): string {
  const upstream = kind === "upstream";
  return [
    ...(security ? ["security"] : []),
    ...(state === "new" ? ["new"] : []),
    ...(state === "gone" ? [upstream ? "the registry no longer has the tag" : "no longer needed"] : []),
    ...(state === "unknown" ? ["the registry cannot be asked"] : []),
    ...(dropped ? ["the archive no longer has the pin"] : []),
  ].join(", ");
}

function summary({ pins, changes, problems }: PinsSurvey, written: boolean): string {
  const moved = pins.filter(({ state }) => state !== "same" && state !== "unknown").length;
  const unknown = pins.filter(({ state }) => state === "unknown").length;
  const files = changes.map(({ file }) => file).join(", ");
  const counts = [
    `${moved} of ${counted(pins.length, "pin")} moved`,
    ...(unknown > 0 ? [`${unknown} could not be asked`] : []),
    ...(problems.length > 0 ? [counted(problems.length, "problem")] : []),
  ].join(", ");
  if (files === "") return `${counts}; nothing to write`;
  if (written) return `${counts}; wrote ${files}: pulumi preview says what that builds`;
  return `${counts}; strata pins --write writes ${files}`;
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
