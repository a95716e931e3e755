import { Listr } from "listr2";
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

/** In milliseconds: how often a log that nobody watches live gets a line. */
export const pipedInterval = 20_000;

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

export function seconds(value: number): string {
  return value < 10
    ? `${value.toFixed(1)} s`
    : value < 120
      ? `${Math.round(value)} s`
      : `${Math.round(value / 60)} min`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** In the unit that fits: `12 kB`, `88.1 MB`. */
export function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : megabytes(bytes);
}

/** Columns as wide as their longest cell, separated by two spaces. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
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
