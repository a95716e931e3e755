import type { Run } from "../schedule";
import { type Bench, coldBuild, type Figures, workspaceOf } from "./bench";

/** A build after a change, or of everything, on an empty BuildKit. @returns undefined where it is recorded already */
export async function buildRun(run: Run, bench: Bench): Promise<Figures | undefined> {
  const { what, round } = run;
  if (what === "first") {
    // The first round's is the one that the changes of the mix are made to.
    const work = await workspaceOf(run, bench, round === 1 ? "" : `-r${round}`);
    if (round > 1) work.remove();
    if (bench.measured(run)) return undefined;
    // It was built by a run whose record is gone.
    work.remove();
    return buildRun(run, bench);
  }
  const work = await workspaceOf(run, bench);
  const change = work.family.changes[what];
  if (!change) throw new Error(`the family ${work.family.name} has no change ${what}`);
  await work.change(change);
  const figures = await coldBuild(work, change, bench);
  work.done();
  return figures;
}
