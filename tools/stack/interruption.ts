import { Interrupted } from "../plan/preview";
import { isInForeground } from "./processes";

/** Somebody's wish that this process end. */
export interface Interruption {
  /** Aborted when it comes, with an `Interrupted`. */
  readonly came: AbortSignal;
  /**
   * Aborted when what this process has started has to be told. Ctrl-C on a terminal reaches that by itself, and Pulumi takes a second
   * signal for an order to end at once.
   */
  readonly passedOn: AbortSignal;
}

/** From now on Ctrl-C and SIGTERM no longer end this process: whoever calls this ends in order. Only the first of them counts. */
export function interruptible(): Interruption {
  const came = new AbortController();
  const passedOn = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (came.signal.aborted) return;
      came.abort(new Interrupted(signal));
      if (signal === "SIGTERM" || !isInForeground()) passedOn.abort();
    });
  }
  return { came: came.signal, passedOn: passedOn.signal };
}
