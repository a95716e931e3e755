import type { Action } from "./diff";

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
