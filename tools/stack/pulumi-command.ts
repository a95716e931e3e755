import { PulumiCommand } from "@pulumi/pulumi/automation";
import type { Interruption } from "./interruption";
import { askLimit, noAnswer } from "./pulumi";

/** These take what they take. */
const operations = ["preview", "up"];

/** How the Automation API starts Pulumi, which its types leave out. */
interface Starting {
  run(
    args: string[],
    folder: string,
    env: Readonly<Record<string, string>>,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<unknown>;
}

/**
 * Pulumi for a workspace of the Automation API, which by itself gives no call a limit, and none but operations a signal: a backend that
 * never answers would hold whoever asks, and whoever wants to stop that, for ever. An update asks too, when it is done.
 *
 * @param limit in milliseconds, of each call but operations
 */
export async function endingPulumi({ came, passedOn }: Interruption, limit = askLimit): Promise<PulumiCommand> {
  const command = await PulumiCommand.get();
  const start = (command as unknown as Starting).run.bind(command);
  const run: Starting["run"] = async (args, folder, env, onOutput, onError, signal) => {
    came.throwIfAborted();
    const late = operations.includes(args[0] as string) ? undefined : AbortSignal.timeout(limit);
    const ends = [passedOn, late, signal].filter((end) => end !== undefined);
    try {
      return await start(args, folder, env, onOutput, onError, AbortSignal.any(ends));
    } catch (error) {
      came.throwIfAborted();
      if (!late?.aborted) throw error;
      throw noAnswer(args, limit);
    }
  };
  return Object.assign(command, { run });
}
