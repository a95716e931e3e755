import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "../../tools/home";
import { contenders } from "../contenders/contenders";
import { familyNamed } from "../families/families";
import type { Change } from "../families/family";
import type { Hashes } from "../hashes";
import type { Measured } from "../records";
import { type Run, runId } from "../schedule";
import type { Services } from "../services";
import { Workspace } from "../workspace";
import { readPrograms } from "./programs";

/** What a run measured. */
export type Figures = Partial<
  Pick<
    Measured,
    | "seconds"
    | "pulledBytes"
    | "pushedBytes"
    | "images"
    | "steps"
    | "peakBytes"
    | "diskBytes"
    | "stateBytes"
    | "phases"
    | "cpu"
  >
>;

/** What runs share. */
export interface Bench {
  readonly home: Home;
  readonly services: Services;
  readonly hashes: Hashes;
  /** In milliseconds, of each command. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** What the run under way took to make its workspace ready, in milliseconds: that is not to be expected of the next one. */
  readonly ready: { milliseconds: number };
  /** What was measured of a run before, if anything. */
  readonly measured: (run: Run) => Measured | undefined;
  /** Keeps what was measured on the way to a run. */
  readonly record: (run: Run, figures: Figures, began: number) => void;
  readonly recordFailure: (run: Run, error: Error, began: number) => void;
}

/** Times an action, in seconds. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
}

/**
 * The workspace of a run, built once and up to date. Its first build is measured and kept as a run of the case cold.
 *
 * @param part for one of its own, in the place of the one that all runs of a contender and a family share
 */
export async function workspaceOf(run: Run, bench: Bench, part = ""): Promise<Workspace> {
  const work = await openWorkspace(run, bench, part);
  const { contender } = work;
  const began = Date.now();
  if (!work.built) await buildFirst(work, run, bench);
  else if (work.needsSettling) {
    work.begin();
    await contender.recover?.(work);
    await contender.refresh?.(work);
    await contender.build(work);
    work.done();
  }
  bench.ready.milliseconds += Date.now() - began;
  return work;
}

/** The same without a build. */
export function openWorkspace(run: Run, bench: Bench, part: string): Promise<Workspace> {
  const { family, contender: id } = run;
  const log = join(bench.home.logs, "bench", `${runId(run).replaceAll("/", "-")}.log`);
  const session = { ...bench, registry: bench.services.registry, log };
  const hashes = { hash: bench.hashes.family(family), code: bench.hashes.code(id) };
  return Workspace.open(`${family}-${id}${part}`, familyNamed(family), contenders[id], session, hashes);
}

async function buildFirst(work: Workspace, { contender, family, round }: Run, bench: Bench) {
  const isolated = work.folder.endsWith(`-r${round}`);
  const first: Run = { case: "cold", family, contender, what: "first", round: isolated ? round : 1 };
  const before = bench.measured(first);
  if (before?.failed) throw new Error(`its first build failed: ${before.failed}`);
  const began = Date.now();
  try {
    work.begin();
    const figures = await coldBuild(work, { reaches: [] }, bench);
    work.done();
    if (!before) bench.record(first, figures, began);
  } catch (error) {
    if (!bench.signal.aborted) bench.recordFailure(first, error as Error, began);
    throw error;
  }
}

/** Leaves a machine as a runner begins with it: nothing in BuildKit, the programs in memory. */
export async function freshMachine(services: Services): Promise<void> {
  await services.empty();
  readPrograms();
  await sleep(500);
}

/**
 * Measures a build on an empty BuildKit, as on a fresh CI machine.
 *
 * @param change what was changed before
 * @throws Error where a layer that it reaches has the image of before; where of a forced rebuild no step ran, or Strata made another image
 */
export async function coldBuild(
  work: Workspace,
  { reaches, rebuilds }: Pick<Change, "reaches" | "rebuilds">,
  bench: Bench,
): Promise<Figures> {
  const { services } = bench;
  const { contender } = work;
  await contender.refresh?.(work);
  contender.forget?.(work);
  const contents = (layer: string) => {
    const { repository, tag } = contender.imageOf(layer);
    return services.contentsOf(`${work.place.organisation}/${repository}`, tag);
  };
  const same = rebuilds === undefined || contender.id !== "e" ? [] : [rebuilds];
  const before = new Map([...reaches, ...same].map((layer) => [layer, contents(layer)] as const));
  const isAsBefore = (layer: string) => [...contents(layer)].every((image) => before.get(layer)?.has(image));
  await freshMachine(services);
  const traffic = services.watch();
  const seconds = await timed(() => contender.build(work));
  const { pulledBytes, pushedBytes, images } = await traffic();
  const steps = await services.stepsRun(work.env);
  const missed = reaches.find(isAsBefore);
  if (missed !== undefined)
    throw new Error(`the change did not reach the image of ${missed}, which is the one of before`);
  if (rebuilds !== undefined && steps === 0) throw new Error(`no step of ${rebuilds} ran again`);
  const other = same.find((layer) => !isAsBefore(layer));
  if (other !== undefined) throw new Error(`${other} did not come out as before`);
  return { seconds, pulledBytes, pushedBytes, images: images.length, steps };
}
