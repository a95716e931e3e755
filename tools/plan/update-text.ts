import type { LastUpdate } from "../../components/update";
import { bytesText, seconds } from "../terminal";

/** What an update was expected to do and what it did, a line each. */
export function updateLines({ predicted, actual, savedSeconds }: LastUpdate): [expected: string, done: string] {
  const counts = (built: readonly string[], rebased: readonly string[]) => [
    ...(built.length > 0 ? [`${built.length} built`] : []),
    ...(rebased.length > 0 ? [`${rebased.length} rebased`] : []),
  ];
  const count = predicted.built.length + predicted.rebased.length;
  const unknown = predicted.unknown.length;
  const time =
    unknown === count
      ? "how long was not known"
      : `about ${seconds(predicted.seconds)}${unknown > 0 ? ` and ${unknown} of unknown length` : ""}`;
  const done = [
    ...counts(actual.built, actual.rebased),
    ...(actual.cutOff.length > 0 ? [`${actual.cutOff.length} cut off`] : []),
    `${seconds(actual.seconds)}`,
    `${bytesText(actual.bytes)} pushed`,
  ];
  const saved = savedSeconds > 0 ? `; a build of everything takes ${seconds(savedSeconds)} more` : "";
  return [
    `Expected: ${[...counts(predicted.built, predicted.rebased), time].join(", ")}`,
    `Done: ${done.join(", ")}${saved}`,
  ];
}
