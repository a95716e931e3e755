import { actionOf } from "./catalog/build-action";
import { buildId, type Ingredients } from "./catalog/build-id";
import type { Action } from "./catalog/diff";
import { expectedOf, type PlannedLayer, scheduleOf } from "./catalog/plan";
import type { Digests } from "./catalog/reasons";
import type { BuildRecord, Previous, PreviousBuild } from "./previous-builds";

/** What an update was expected to build before it began, and what it built. */
export interface LastUpdate {
  /** Of this shape. */
  readonly version: 1;
  /** As of the layers' own. */
  readonly commit?: string | undefined;
  readonly predicted: Work & {
    /** Layers of which it was not known how long they take; they count as 0 seconds. */
    readonly unknown: readonly string[];
  };
  readonly actual: Work & {
    /** What was to be built and was not, since what is beneath came out the same. */
    readonly cutOff: readonly string[];
  };
  /** How much longer a build of the whole family would have taken, by what is recorded of its layers; at least. */
  readonly savedSeconds: number;
}

/** Layers by name, in the order of the family. */
interface Work {
  /** Those whose steps run, new ones among them. */
  readonly built: readonly string[];
  readonly rebased: readonly string[];
  /** From the first beginning to the last end, to tenths; without Pulumi's own time, and without tests. */
  readonly seconds: number;
  /** What was pushed, as far as it is known. */
  readonly bytes: number;
}

/** A layer as the program has it before anything is built. */
export interface UpdatedLayer {
  readonly name: string;
  /** The layers beneath that this stack builds, by name. */
  readonly needs: readonly string[];
  /** The digests of all else beneath: upstreams, and layers of another stack. */
  readonly there: Digests;
  /** Those of both whose change makes steps run. */
  readonly runsInside: readonly string[];
  readonly ingredients: Omit<Ingredients, "parents">;
  /** What its tag begins with: `repository:` and the prefix. */
  readonly tagged: string;
  readonly builder: string;
  readonly context: string;
}

/** A build that was done. */
export interface BuiltLayer {
  readonly action: "new" | "build" | "rebase";
  /** When its turn came, and when it was pushed: milliseconds, as `Date.now()`. */
  readonly began: number;
  readonly ended: number;
  readonly record: BuildRecord;
}

/** Keeps what an update does beside what it was expected to do. */
export class Update {
  private readonly layers = new Map<string, UpdatedLayer>();
  private readonly built = new Map<string, BuiltLayer>();
  private readonly leftOut = new Set<string>();

  /** @param parallel how many builds may run at once */
  constructor(private readonly parallel: number) {}

  /** Each layer after those that it needs. */
  expect(layer: UpdatedLayer): void {
    this.layers.set(layer.name, layer);
  }

  done(name: string, built: BuiltLayer): void {
    this.built.set(name, built);
  }

  /** What changes, and is no target of this update; what stands on it is not told by this update either. */
  leaveOut(name: string): void {
    this.leftOut.add(name);
  }

  /** Whether a layer changes whatever becomes of the layers beneath it, as one does that was never built. */
  changesByItself(name: string, last: PreviousBuild | undefined): boolean {
    const layer = this.layers.get(name);
    const made = madeOf(last);
    if (!layer || !made) return true;
    return buildId({ ...layer.ingredients, parents: { ...made.parents, ...layer.there } }) !== made.buildId;
  }

  /** What a build of a layer on these digests is. */
  actionOn(name: string, parents: Digests, last: PreviousBuild | undefined): BuiltLayer["action"] {
    const layer = this.layers.get(name);
    const action = layer && actionOf({ ...layer.ingredients, parents }, madeOf(last), layer.runsInside);
    // What it is made of did not change, but where it goes, or who builds it.
    return action === undefined || action === "unchanged" ? "build" : action;
  }

  /** @returns what is told of the update before, where this one built nothing */
  summary({ builds, lastUpdate }: Pick<Previous, "builds" | "lastUpdate">): LastUpdate | undefined {
    const built = [...this.built.values()];
    if (built.length === 0) return lastUpdate;
    const predicted = this.predicted(builds);
    const planned = scheduleOf(predicted, this.parallel);
    const layers = [...this.layers.values()];
    const actual = layers.map(({ name }) => {
      const { action = "unchanged" as const, record = {} } = this.built.get(name) ?? {};
      return { name, action, bytes: action === "unchanged" ? 0 : record[kindOf(action)]?.bytes };
    });
    const whole = layers.map(({ name, needs }) => {
      const { build } = this.built.get(name)?.record ?? builds.get(name)?.record ?? {};
      return { name, needs, action: "build" as const, seconds: build?.seconds };
    });
    const [began, ended] = [built.map(({ began }) => began), built.map(({ ended }) => ended)];
    const seconds = (Math.max(...ended) - Math.min(...began)) / 1000;
    const left = new Set(this.leftOut);
    for (const { name, needs } of layers) if (needs.some((need) => left.has(need))) left.add(name);
    return {
      version: 1,
      commit: built[0]?.record.commit,
      predicted: { ...workIn(predicted, planned.seconds), unknown: planned.unknown },
      actual: {
        ...workIn(actual, seconds),
        cutOff: predicted
          .filter(({ name, action }) => action !== "unchanged" && !this.built.has(name) && !left.has(name))
          .map(({ name }) => name),
      },
      savedSeconds: tenths(Math.max(0, scheduleOf(whole, this.parallel).seconds - seconds)),
    };
  }

  /** A layer changes by itself, or with one beneath it, of which nobody knows yet what it will be. */
  private predicted(builds: Previous["builds"]): PlannedLayer[] {
    const actions = new Map<string, Action>();
    const records = [...builds.values()].map(({ record }) => record);
    return [...this.layers.values()].map(({ name, needs, there, runsInside, ingredients, ...layer }) => {
      const last = builds.get(name);
      const digestOf = (need: string) => (actions.get(need) === "unchanged" ? builds.get(need)?.digest : undefined);
      const beneath = Object.fromEntries(needs.map((need) => [need, digestOf(need) ?? "not known yet"]));
      const found = actionOf({ ...ingredients, parents: { ...there, ...beneath } }, madeOf(last), runsInside);
      const stays =
        last?.tag.startsWith(`${layer.tagged}b-`) && last.builder === layer.builder && last.context === layer.context;
      const action = found === "unchanged" && !stays ? "build" : found;
      actions.set(name, action);
      const { seconds, bytes } = expectedOf(action, last?.record ?? {}, records);
      return { name, action, needs, reasons: [], seconds, bytes };
    });
  }
}

/** Under which name a record has what a build took. */
export function kindOf(action: BuiltLayer["action"]): "build" | "rebase" {
  return action === "rebase" ? "rebase" : "build";
}

function madeOf(last: PreviousBuild | undefined) {
  const [, buildId] = /b-([0-9a-f]{64})$/.exec(last?.tag ?? "") ?? [];
  return last && buildId !== undefined ? { buildId, parents: last.parents } : undefined;
}

function workIn(layers: readonly Pick<PlannedLayer, "name" | "action" | "bytes">[], seconds: number): Work {
  const named = (...actions: readonly Action[]) =>
    layers.filter(({ action }) => actions.includes(action)).map(({ name }) => name);
  return {
    built: named("new", "build"),
    rebased: named("rebase"),
    seconds: tenths(seconds),
    bytes: layers.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  };
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
