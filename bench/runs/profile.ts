import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { localBuilder } from "../../tools/services/buildkit";
import { pulumi } from "../contenders/strata";
import type { Run } from "../schedule";
import type { Workspace } from "../workspace";
import { type Bench, type Figures, freshMachine, workspaceOf } from "./bench";
import { watchProcesses } from "./processes";

/** When the parts of Pulumi's program begin and end, as profile-hook.cjs notes it: milliseconds since 1970. */
export interface Marks {
  readonly process: number;
  readonly program: number;
  readonly catalog: number;
  readonly catalogEnd: number;
  readonly family: number;
  readonly familyEnd: number;
  /** How long staging contexts took, which is while the family is made. */
  readonly staging: number;
  readonly end: number;
}

/** In milliseconds since 1970. */
export interface Span {
  readonly began: number;
  readonly ended: number;
}

/** Where each millisecond goes of a preview where nothing changed, and of an update after a file of app changed, on an empty BuildKit. */
export async function profileRun(run: Run, bench: Bench): Promise<Figures> {
  const work = await workspaceOf(run, bench);
  if (run.what === "preview") {
    await pulumi(work, "preview");
    const { marks, whole } = await marked(work, ["preview"]);
    // In a run of its own, since looking at processes takes time as well.
    const used = watchProcesses();
    await pulumi(work, "preview");
    return { seconds: (whole.ended - whole.began) / 1000, phases: phasesOf(whole, marks), cpu: used().cpu };
  }
  await pulumi(work, "preview");
  const change = work.family.changes.app;
  if (!change) throw new Error(`the family ${work.family.name} has no change app`);
  await work.change(change);
  work.contender.forget?.(work);
  await freshMachine(bench.services);
  const { marks, whole } = await marked(work, ["up", "--yes", "--skip-preview"]);
  const build = await buildIn(work);
  work.done();
  return { seconds: (whole.ended - whole.began) / 1000, phases: phasesOf(whole, marks, build) };
}

async function marked(work: Workspace, args: readonly string[]): Promise<{ marks: Marks; whole: Span }> {
  const file = join(work.folder, "marks.json");
  rmSync(file, { force: true });
  const began = Date.now();
  await work.run("pulumi", [...args, "--non-interactive"], {
    NODE_OPTIONS: `--require=${join(__dirname, "profile-hook.cjs")}`,
    STRATA_BENCH_MARKS: file,
  });
  const whole = { began, ended: Date.now() };
  return { marks: JSON.parse(readFileSync(file, "utf8")) as Marks, whole };
}

/** From the first build that BuildKit has a record of to the end of the last one. */
async function buildIn(work: Workspace): Promise<Span> {
  const listed = await work.output("buildx", ["history", "ls", "--builder", localBuilder, "--format", "json"]);
  const records = listed
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, string>);
  const times = (key: string) => records.map((record) => Date.parse(record[key] ?? "")).filter(Number.isFinite);
  if (records.length === 0) throw new Error("BuildKit has no record of a build");
  return { began: Math.min(...times("created_at")), ended: Math.max(...times("completed_at")) };
}

/** The parts of a run of Pulumi in the order of time, in milliseconds; together they are the whole. */
export function phasesOf(whole: Span, marks: Marks, build?: Span): [phase: string, milliseconds: number][] {
  const afterwards: [string, number][] = build
    ? [
        ["registering, until BuildKit begins", build.began - marks.familyEnd],
        ["BuildKit: build and push", build.ended - build.began],
        ["from BuildKit's end to the program's", marks.end - build.ended],
      ]
    : [["registering: engine, provider and program", marks.end - marks.familyEnd]];
  const phases: [string, number][] = [
    ["Pulumi's start, until Node.js runs", marks.process - whole.began],
    ["Node.js, swc and Pulumi's SDK", marks.program - marks.process],
    ["the program's modules and configuration", marks.catalog - marks.program],
    ["reading the catalog", marks.catalogEnd - marks.catalog],
    ["staging contexts", marks.staging],
    ["making the resources", marks.familyEnd - marks.catalogEnd - marks.staging],
    ...afterwards,
    ["Pulumi's end", whole.ended - marks.end],
  ];
  return phases.map(([phase, time]) => [phase, Math.round(time)]);
}
