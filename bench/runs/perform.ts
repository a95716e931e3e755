import { type Run, runId } from "../schedule";
import type { Bench, Figures } from "./bench";
import { buildRun } from "./build";
import { catalogRun } from "./catalog";
import { memoryRun, nothingRun } from "./nothing";
import { profileRun } from "./profile";

const kinds: Readonly<Record<Run["case"], (run: Run, bench: Bench) => Promise<Figures | undefined>>> = {
  cold: buildRun,
  mix: buildRun,
  cutoff: buildRun,
  fleet: buildRun,
  big: buildRun,
  full: buildRun,
  noop: nothingRun,
  memory: memoryRun,
  profile: profileRun,
  catalog: catalogRun,
};

/** Measures a run and keeps what came of it, also that it failed; nothing where everything is to end. */
export async function perform(run: Run, bench: Bench, print: (text: string) => void): Promise<void> {
  const began = Date.now();
  bench.ready.milliseconds = 0;
  print(`${runId(run)} …`);
  try {
    const figures = await kinds[run.case](run, bench);
    if (figures && !bench.signal.aborted) bench.record(run, figures, began + bench.ready.milliseconds);
  } catch (error) {
    // What failed on the way is recorded by itself.
    if (!bench.signal.aborted && !bench.measured(run)) bench.recordFailure(run, error as Error, began);
  }
}
