import { inspect } from "node:util";

/** Says that something a person wrote is wrong: the message names the place, what was expected and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
  /** Pulumi prints the message of an error that has this, without a stack: the mistake is not in the program. */
  readonly __pulumiRunError = true;

  /** @param place `file`, `file:line` or `strata:key`, as the reader would look it up. */
  constructor(place: string, problem: string) {
    super(`${place}: ${problem}`);
    // Where the program itself is over, and only its answers are waited for, Pulumi prints an error's stack whatever it is.
    this.stack = "";
  }

  /** For its traces Pulumi formats an error with all that hangs on it, which took half a minute; and this is all there is to say. */
  [inspect.custom](): string {
    return this.message;
  }

  /** All problems in one error, a line each. */
  static of(problems: readonly InputError[]): InputError {
    const all = new InputError("", "");
    all.message = problems.map(({ message }) => message).join("\n");
    return all;
  }
}
