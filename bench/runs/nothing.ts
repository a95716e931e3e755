import { join } from "node:path";
import { bakeNowhere } from "../contenders/bake";
import { pulumi } from "../contenders/strata";
import type { Run } from "../schedule";
import { folderBytes } from "../services";
import type { Workspace } from "../workspace";
import { type Bench, type Figures, openWorkspace, timed, workspaceOf } from "./bench";
import { watchProcesses } from "./processes";

/** What is done where nothing changed. */
const commands: Readonly<Record<string, (work: Workspace) => Promise<unknown>>> = {
  plan: (work) => work.run(join(work.folder, "bin/strata"), ["plan"]),
  preview: (work) => pulumi(work, "preview", "--expect-no-changes"),
  up: (work) => pulumi(work, "up", "--yes", "--skip-preview", "--expect-no-changes"),
  bake: bakeNowhere,
  push: (work) => work.contender.build(work),
};

/** A command where nothing changed and everything is in BuildKit's cache, after one that warms the disk's cache and does not count. */
export async function nothingRun(run: Run, bench: Bench): Promise<Figures> {
  const { work, command } = await warm(run, bench);
  const seconds = await timed(() => command(work));
  work.done();
  return { seconds };
}

/** The memory that such a command takes, and what its contender keeps on the disk. */
export async function memoryRun(run: Run, bench: Bench): Promise<Figures> {
  const { work, command } = await warm(run, bench);
  const used = watchProcesses();
  const seconds = await timed(() => command(work));
  const { peakBytes } = used();
  work.done();
  if (run.contender !== "e") return { seconds, peakBytes };
  const stateBytes = await folderBytes(join(work.folder, "state/.pulumi"));
  const staged = await folderBytes(join(work.folder, ".strata/contexts"));
  const hashes = await folderBytes(join(work.folder, ".strata/file-hashes.json"));
  return { seconds, peakBytes, diskBytes: staged + hashes + stateBytes, stateBytes };
}

async function warm(run: Run, bench: Bench) {
  const command = commands[run.what];
  if (!command) throw new Error(`there is no command ${run.what}`);
  // What goes nowhere asks for nothing that was pushed: the first one fills BuildKit's cache.
  const work = run.what === "bake" ? await openWorkspace(run, bench, "-nowhere") : await workspaceOf(run, bench);
  // What is killed leaves a lock.
  work.begin();
  await work.contender.refresh?.(work);
  await command(work);
  return { work, command };
}
