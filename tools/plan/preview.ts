import { spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { Environment } from "../stack/environment";

/** In milliseconds. Nothing is built, so this is long. */
const timeLimit = 10 * 60_000;

/** In milliseconds, for a preview that was told to end. */
const patience = 10_000;

/** What a preview of Pulumi's said. */
export interface Previewed {
  readonly events: readonly EngineEvent[];
  readonly warnings: readonly string[];
}

/** Says that somebody ended a preview. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** What a shell expects: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM" | "SIGHUP") {
    super("interrupted; nothing was changed");
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs `pulumi preview`. It is the command itself, since loading Pulumi's Automation API takes as long as a tenth of the preview of a
 * hundred layers.
 *
 * @param folder the project's
 * @throws Interrupted where this process is told to end: the preview ends first, in order
 * @throws Error with what Pulumi says is wrong
 */
export async function preview(stack: string, env: Environment, folder: string): Promise<Previewed> {
  const child = spawn("pulumi", ["preview", "--stack", stack, "--json", "--non-interactive", "--color", "never"], {
    cwd: folder,
    env: { ...process.env, ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
    stdio: ["ignore", "pipe", "pipe"],
    // A terminal sends Ctrl-C to all that run in it, and Pulumi takes a second one for an order to end at once.
    detached: true,
  });
  let ended: (() => Error) | undefined;
  let killing: NodeJS.Timeout | undefined;
  const end = (why: () => Error) => {
    ended ??= why;
    child.kill("SIGINT");
    killing ??= setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), patience);
  };
  const onSignal = (signal: NodeJS.Signals) => end(() => new Interrupted(signal as "SIGINT"));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  const limit = setTimeout(
    () => end(() => new Error(`pulumi preview did not end in ${timeLimit / 60_000} minutes`)),
    timeLimit,
  );
  const said: Said = { events: [], errors: [], warnings: [] };
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const event = eventIn(line);
    if (event) listen(event, said);
  });
  try {
    const [code] = await Promise.all([
      new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve)),
      new Promise((resolve) => lines.once("close", resolve)),
    ]);
    if (ended) throw ended();
    if (code === 0 && said.errors.length === 0) return said;
    const why = said.errors.length > 0 ? said.errors : [stderr.trim() || `it ended with the exit code ${code}`];
    throw new Error(
      ["pulumi preview failed.", ...said.warnings.map((text) => `warning: ${text}`), ...why].join("\n\n"),
    );
  } finally {
    clearTimeout(limit);
    clearTimeout(killing);
    for (const signal of signals) process.off(signal, onSignal);
  }
}

interface Said {
  readonly events: EngineEvent[];
  readonly errors: string[];
  readonly warnings: string[];
}

function listen(event: EngineEvent, said: Said): void {
  const { diagnosticEvent, policyEvent } = event;
  said.events.push(event);
  if (diagnosticEvent?.severity === "error") said.errors.push(diagnosticEvent.message.trim());
  if (diagnosticEvent?.severity === "warning") said.warnings.push(diagnosticEvent.message.trim());
  if (policyEvent) {
    (policyEvent.enforcementLevel === "mandatory" ? said.errors : said.warnings).push(policyEvent.message.trim());
  }
}

/** Undefined for what is no event: a program that prints to its output, for example. */
function eventIn(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}
