import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesText, seconds } from "../tools/terminal";
import { documentOf } from "./document";
import type { Machine } from "./machine";
import { plotsOf, svgOf } from "./plots";
import { type Measured, recordLines } from "./records";
import { resultsOf } from "./results";

export interface Report {
  readonly records: readonly Measured[];
  /** The chain of the cases cold, mix and cutoff. */
  readonly family: string;
  readonly machine: Machine;
}

/** Of a document's folder: the runs that it was written of. */
export const runsFile = "runs.jsonl";

/** Writes README.md, results.json, the runs and the pictures. Nothing where nothing was measured. */
export async function writeReport(folder: string, { records, family, machine }: Report): Promise<void> {
  if (records.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const results = resultsOf(records, family, machine);
  const pictures: Record<string, string> = {};
  for (const name of ["mix.svg", "cold.svg", "noop.svg"]) rmSync(join(folder, name), { force: true });
  for (const plot of plotsOf(records, family)) {
    writeFileSync(join(folder, plot.file), await svgOf(plot));
    pictures[plot.file] = `![${plot.about}](${plot.file})`;
  }
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, runsFile), recordLines(records));
  writeFileSync(join(folder, "README.md"), documentOf({ records, results, pictures }));
}

/** What a run measured, in a line. */
export function figuresText(measured: Measured): string {
  const { pulledBytes, pushedBytes, images, steps, peakBytes } = measured;
  const parts = [
    measured.seconds === undefined ? "" : seconds(measured.seconds),
    pulledBytes === undefined ? "" : `pulled ${bytesText(pulledBytes)}`,
    pushedBytes === undefined ? "" : `pushed ${bytesText(pushedBytes)}`,
    images === undefined ? "" : `${images} images`,
    steps === undefined ? "" : `${steps} steps`,
    peakBytes === undefined ? "" : `at most ${bytesText(peakBytes)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
