import { Listr } from "listr2";
import { pipedInterval } from "./terminal";
import type { Report } from "./toolchain/install";

/** A piece of long work. What it returns, where it returns anything, is shown behind its title. */
export interface Phase {
  readonly title: string;
  readonly run: (report: Report) => Promise<string | undefined>;
}

/** What we use of a task of listr2. */
interface Titled {
  title: string;
  output: string;
}

/**
 * Runs phases one after the other, live on a terminal, as plain lines elsewhere.
 *
 * @param signal when it is aborted the phase under way is not waited for. @default never
 * @throws what the first phase that fails throws, or the signal's reason; the caller prints it
 */
export async function runPhases(
  phases: readonly Phase[],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  let failure: unknown;
  const tasks = phases.map(({ title, run }) => ({
    title,
    task: async (_: unknown, task: Titled) => {
      const result = await unlessAborted(() => run(reporterOf(task)), signal).catch((error: unknown) => {
        failure = error;
        throw new Error("failed");
      });
      if (result) task.title = `${title}: ${result}`;
    },
  }));
  await new Listr(tasks, { fallbackRenderer: "simple", concurrent: false, registerSignalListeners: false })
    .run()
    .catch((error: unknown) => {
      throw failure ?? error;
    });
}

async function unlessAborted<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  return Promise.race([action(), aborted]);
}

function reporterOf(task: Titled): Report {
  let last = Date.now();
  return (text) => {
    if (!process.stdout.isTTY && Date.now() - last < pipedInterval) return;
    last = Date.now();
    task.output = text;
  };
}
