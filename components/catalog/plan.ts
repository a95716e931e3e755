import type { Action } from "./diff";

/** What a build, or a rebase, took or is expected to take. What is not known is left out. */
export interface Effort {
  /** Of the build and the push, to tenths. */
  readonly seconds?: number | undefined;
  /** Of the filesystem layers that were pushed, compressed. */
  readonly bytes?: number | undefined;
}

/** What is recorded of a layer's last build and of its last rebase: the one says nothing of the other. */
export interface Efforts {
  /** Of the last one in which steps ran. */
  readonly build?: Effort | undefined;
  /** Of the last one in which nothing ran. */
  readonly rebase?: Effort | undefined;
}

/** A layer of a plan. */
export interface PlannedLayer {
  readonly name: string;
  readonly action: Action;
  /** In the words of `LayerChange`. */
  readonly reasons: readonly string[];
  /** How long the action is expected to take, from what earlier ones took; 0 for none, undefined where nothing is known of it. */
  readonly seconds: number | undefined;
  /** What is expected to be pushed; 0 for nothing, undefined where nothing is known of it. */
  readonly bytes: number | undefined;
  /** The layers that it stands on or takes files from, directly. */
  readonly needs: readonly string[];
}

/** What an update of a stack will do, before it does anything. */
export interface Plan {
  readonly stack: string;
  /** All layers of the family, each after those that it needs; then those that are removed. */
  readonly layers: readonly PlannedLayer[];
}

/** When the layers of a plan are built, and how long that takes. */
export interface Schedule {
  /** From the first beginning to the last end. A layer of which nothing is known counts as 0. */
  readonly seconds: number;
  /** What no number of builders makes shorter. */
  readonly criticalPath: {
    /** Each stands on the one before. */
    readonly layers: readonly string[];
    readonly seconds: number;
  };
  /** What can be built side by side, when all of the level before is there. */
  readonly levels: readonly (readonly string[])[];
  /** The layers of which it is not known how long they take. */
  readonly unknown: readonly string[];
}

/** What takes its turn: each after those that it needs. */
type Job = Pick<PlannedLayer, "name" | "action" | "seconds" | "needs">;

/** Whether a layer is built: all that takes a turn. */
export function isBuilt({ action }: Pick<Job, "action">): boolean {
  return action === "new" || action === "build" || action === "rebase";
}

/**
 * Plays an update as `BuildQueue` does it: a layer is ready when all that it needs is there, and those that are ready begin in that
 * order, so many at once.
 *
 * @param parallel how many builds may run at once, 1 or more
 */
export function scheduleOf(layers: readonly Job[], parallel: number): Schedule {
  const built = layers.filter(isBuilt);
  return {
    seconds: secondsOf(layers, parallel),
    criticalPath: criticalPathOf(layers),
    levels: levelsOf(layers),
    unknown: built.filter(({ seconds }) => seconds === undefined).map(({ name }) => name),
  };
}

function secondsOf(layers: readonly Job[], parallel: number): number {
  const names = new Set(layers.map(({ name }) => name));
  const ended = new Set<string>();
  const running = new Map<string, number>();
  const ready: Job[] = [];
  let waiting = layers;
  let now = 0;
  const begin = () => {
    waiting = waiting.filter((layer) => {
      if (layer.needs.some((name) => names.has(name) && !ended.has(name))) return true;
      if (isBuilt(layer)) ready.push(layer);
      else ended.add(layer.name);
      return false;
    });
    for (const { name, seconds = 0 } of ready.splice(0, parallel - running.size)) running.set(name, now + seconds);
  };
  for (begin(); running.size > 0; begin()) {
    now = Math.min(...running.values());
    for (const [name, end] of running) {
      if (end > now) continue;
      running.delete(name);
      ended.add(name);
    }
  }
  return now;
}

function criticalPathOf(layers: readonly Job[]): Schedule["criticalPath"] {
  const none = { layers: [] as readonly string[], seconds: 0 };
  const paths = new Map<string, typeof none>();
  const longer = (a: typeof none, b: typeof none) =>
    b.seconds > a.seconds || (b.seconds === a.seconds && b.layers.length > a.layers.length) ? b : a;
  for (const layer of layers) {
    const beneath = layer.needs.map((name) => paths.get(name) ?? none).reduce(longer, none);
    const own = { layers: [...beneath.layers, layer.name], seconds: beneath.seconds + (layer.seconds ?? 0) };
    paths.set(layer.name, isBuilt(layer) ? own : beneath);
  }
  return [...paths.values()].reduce(longer, none);
}

function levelsOf(layers: readonly Job[]): string[][] {
  const depths = new Map<string, number>();
  const levels: string[][] = [];
  for (const layer of layers) {
    const depth = Math.max(0, ...layer.needs.map((name) => depths.get(name) ?? 0));
    depths.set(layer.name, isBuilt(layer) ? depth + 1 : depth);
    if (!isBuilt(layer)) continue;
    levels[depth] ??= [];
    levels[depth].push(layer.name);
  }
  return levels;
}

/**
 * What the action on a layer is expected to take: what its last one of the kind took.
 *
 * @param others what is recorded of the family, for a layer that was never rebased: rebases take much the same
 */
export function expectedOf(action: Action, recorded: Efforts, others: readonly Efforts[] = []): Effort {
  if (action === "unchanged" || action === "removed") return { seconds: 0, bytes: 0 };
  // A build that was as long as that of another layer would be chance.
  if (action !== "rebase") return (action === "build" && recorded.build) || {};
  if (recorded.rebase) return recorded.rebase;
  const seconds = medianOf(others.map(({ rebase }) => rebase?.seconds).filter((value) => value !== undefined));
  return seconds === undefined ? {} : { seconds };
}

function medianOf(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
