import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Run } from "./schedule";

/** What a run measured, and where: a line of .strata/bench/results.jsonl. */
export interface Measured extends Run {
  /** When it ended, as ISO 8601. */
  readonly at: string;
  /** The benchmark's commit; with `+` behind it where files differed from it. */
  readonly commit: string;
  /** A hash of what the figure rests on: the images, and for Strata its program. */
  readonly code: string;
  /** A hash of the machine's description. */
  readonly machine: string;
  /** With all that is not measured: preparation, emptying BuildKit. */
  readonly tookSeconds: number;
  /** Why there is no figure. */
  readonly failed?: string;
  readonly seconds?: number;
  readonly pulledBytes?: number;
  readonly pushedBytes?: number;
  /** Images that were pushed under a name of theirs. */
  readonly images?: number;
  /** RUN steps that ran and were in no cache. */
  readonly steps?: number;
  /** The most memory that all its processes had at once, without the services. */
  readonly peakBytes?: number;
  /** What it keeps in the project's folder, and of that Pulumi's state. */
  readonly diskBytes?: number;
  readonly stateBytes?: number;
  /** Where the time went, in the order of time: milliseconds. */
  readonly phases?: readonly (readonly [phase: string, milliseconds: number])[];
  /** What its processes used of the processor: seconds by name, the most first. */
  readonly cpu?: readonly (readonly [process: string, seconds: number])[];
}

/** Measured runs, one line each, so that a run that is interrupted loses nothing. */
export class Records {
  readonly all: Measured[];

  /** @param published what a fresh clone begins with, where it is there: the runs that a document was written of */
  constructor(
    private readonly file: string,
    published?: string,
  ) {
    if (published !== undefined && !existsSync(file) && existsSync(published)) {
      mkdirSync(dirname(file), { recursive: true });
      copyFileSync(published, file);
    }
    this.all = readLines(file);
  }

  add(measured: Measured): void {
    mkdirSync(dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${JSON.stringify(measured)}\n`);
    this.all.push(measured);
  }

  /** Forgets runs. */
  drop(unwanted: (measured: Measured) => boolean): void {
    const kept = this.all.filter((measured) => !unwanted(measured));
    if (kept.length === this.all.length) return;
    writeFileSync(this.file, recordLines(kept));
    this.all.splice(0, this.all.length, ...kept);
  }
}

export function recordLines(records: readonly Measured[]): string {
  return records.map((measured) => `${JSON.stringify(measured)}\n`).join("");
}

/** The last line may be half of one, of a process that was killed. */
function readLines(file: string): Measured[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) writeFileSync(file, whole);
  return whole
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Measured);
}
