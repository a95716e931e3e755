import type { Measured } from "../../bench/records";

/** A run of the mix, of Strata, of a file of app, changed as told. */
export function measured(change: Partial<Measured>): Measured {
  return {
    case: "mix",
    family: "sindri",
    contender: "e",
    what: "app",
    round: 1,
    at: "2026-11-21T12:00:00.000Z",
    commit: "0123456789ab",
    code: "code",
    machine: "machine",
    tookSeconds: 1,
    ...change,
  };
}
