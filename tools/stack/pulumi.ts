import { execa } from "execa";
import type { Environment } from "./environment";
import type { Interruption } from "./interruption";

/** In milliseconds, for a call of Pulumi that only asks or sets something. */
export const askLimit = 60_000;

export interface Asking {
  readonly env: Environment;
  /** The project's. @default the working directory */
  readonly folder?: string;
  /** What it reads. @default nothing */
  readonly input?: string;
  /** In milliseconds. @default askLimit */
  readonly limit?: number;
  /** Ends the call when it comes. @default none */
  readonly interruption?: Interruption;
}

/**
 * Has Pulumi's command line answer or set something; what takes its time, a preview or an update, has its own way.
 *
 * @returns what it printed
 * @throws Error with what Pulumi says is wrong, or that it gave no answer in time; Interrupted
 */
export async function askPulumi(args: readonly string[], asking: Asking): Promise<string> {
  const { env, folder, input = "", limit = askLimit, interruption } = asking;
  interruption?.came.throwIfAborted();
  const plain = ["--non-interactive", "--color", "never"];
  const { stdout, stderr, failed, timedOut, shortMessage } = await execa("pulumi", [...args, ...plain], {
    env,
    input,
    timeout: limit,
    reject: false,
    ...(folder === undefined ? {} : { cwd: folder }),
    ...(interruption === undefined ? {} : { cancelSignal: interruption.passedOn }),
  });
  interruption?.came.throwIfAborted();
  if (timedOut) throw noAnswer(args, limit);
  if (failed) throw new Error(stderr.replace(/^error: /m, "").trim() || shortMessage);
  return stdout;
}

/** @param limit in milliseconds */
export function noAnswer(args: readonly string[], limit: number): Error {
  const asked = `pulumi ${args.slice(0, 2).join(" ")}`;
  return new Error(
    `${asked} gave no answer within ${limit / 1000} s; see whether the state can be reached: pulumi whoami -v`,
  );
}
