import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineEvent, Stack, UpOptions } from "@pulumi/pulumi/automation";
import type { LastUpdate } from "../../components/update";
import { homeAt } from "../home";
import { reasonsText } from "../plan/print";
import { doneLines, layerIn } from "../plan/release-print";
import { updateLines } from "../plan/update-text";
import { seconds } from "../terminal";
import { adviceOnUpdate, buildLog, failedStep, ownLinesIn } from "./build-logs";
import { configOf } from "./config-files";
import { LayerEvents, type LayerProgress, type PredictedLayer } from "./layer-events";
import { maskOf } from "./mask";
import { ProgressView, type Screen } from "./progress";

/** An update did not come to its end. */
export class UpFailed extends Error {
  override readonly name = "UpFailed";

  /**
   * @param kept what is there nevertheless
   * @param layers what became of each, as far as it came
   */
  constructor(
    message: string,
    readonly kept: string,
    readonly layers: readonly LayerProgress[],
  ) {
    super(message);
  }
}

/** What an update did. */
export interface Updated {
  readonly layers: readonly LayerProgress[];
  /** The stack's output; of the update before where this one built nothing, and null where none ever did. */
  readonly lastUpdate: LastUpdate | null;
}

/**
 * `pulumi up`, told by layer: a line when a build begins and one when it ends, and on a terminal what the builder does
 * in between; in the end what was expected and what was done. Pulumi's own output goes to a log.
 *
 * @param predicted what a preview said, so that the layers which were to change and did not can be told
 * @param screen where it is told. @default standard output
 * @throws UpFailed with Pulumi's own diagnostics, also where somebody ended it
 */
export async function upWithProgress(
  stack: Stack,
  options: UpOptions = {},
  predicted: readonly PredictedLayer[] = [],
  screen: Screen = process.stdout,
): Promise<Updated> {
  const shown = new Set<string>();
  const view = new ProgressView(screen);
  const released: string[] = [];
  const events = new LayerEvents((layer) => {
    const states = [stateOf(layer), ...(layer.tests ? [testsText(layer.tests)] : [])];
    const lines = states.map((state) => `  ${layer.name.padEnd(16)} ${state}`).filter((line) => !shown.has(line));
    for (const line of lines) {
      shown.add(line);
      view.keep(line);
    }
    view.show(events.expected);
  }, predicted);
  let log = "";
  try {
    const onEvent = (event: EngineEvent) => {
      events.onEvent(event);
      const lines = doneLines(event);
      if (lines.length > 0) released.push(layerIn(event));
      for (const line of lines) view.keep(line);
    };
    const watched = { onEvent, onOutput: (text: string) => (log += text) };
    const { outputs } = await stack.up({ continueOnError: true, ...options, ...watched });
    const lastUpdate = (outputs.lastUpdate?.value ?? null) as LastUpdate | null;
    // Where nothing was built it tells of the update before.
    const built = events.all.some(({ seconds }) => seconds !== undefined);
    if (lastUpdate && built) for (const line of updateLines(lastUpdate)) view.keep(`  ${line}`);
    return { layers: events.all, lastUpdate };
  } catch (error) {
    // Whoever ended it knows why its builds failed, and waits.
    const ended = (error as Error).name === "Interrupted";
    const failed = ended ? [] : events.all.filter((layer) => layer.failed || layer.tests?.failed);
    const said = failed.length === 0 ? [] : await lastWordsOf(failed, stack);
    const why = diagnosticsIn(log) || (error as Error).message;
    const kept = keptText(events.all, predicted, released);
    const text = [
      "pulumi up failed.",
      why,
      ...said,
      ...adviceOnUpdate(why),
      kept,
      `The whole output is in ${logFile(stack)}`,
    ];
    throw new UpFailed(text.join("\n\n"), kept, events.all);
  } finally {
    view.end();
    keepLog(log, logFile(stack));
  }
}

/**
 * What is there after an update that did not come to its end, and what is not.
 *
 * @param predicted what a preview said
 * @param released the layers whose images were copied or given names
 */
export function keptText(
  layers: readonly LayerProgress[],
  predicted: readonly PredictedLayer[],
  released: readonly string[] = [],
): string {
  const pushed = layers.filter(({ seconds, failed }) => seconds !== undefined && !failed).map(({ name }) => name);
  const seen = new Set(layers.map(({ name }) => name));
  const changing = [...layers, ...predicted.filter(({ name }) => !seen.has(name))].filter(
    ({ name, action }) => (action === "new" || action === "changed") && !pushed.includes(name),
  );
  const named = [...new Set(released)].join(", ");
  const kept = [
    ...(pushed.length > 0 ? [`Pushed, and kept: ${pushed.join(", ")}.`] : []),
    ...(named === "" ? [] : [`Copied or named, and kept: ${named}.`]),
    ...(pushed.length === 0 && named === "" ? ["Nothing was pushed."] : []),
  ].join(" ");
  if (changing.length === 0) return kept;
  return `${kept} Still to be built: ${changing.map(({ name }) => name).join(", ")}; the next up goes on with them.`;
}

function stateOf(layer: LayerProgress): string {
  if (layer.action === "unchanged") return untouched(layer);
  if (layer.failed) return "failed";
  if (layer.action === "removed") return "removed; its images stay in the registry";
  if (layer.seconds !== undefined) return `pushed after ${seconds(layer.seconds)}`;
  return layer.action === "new" ? "new" : `changed: ${reasonsText(layer.reasons)}`;
}

function testsText({ seconds: taken, failed }: NonNullable<LayerProgress["tests"]>): string {
  return `tests ${failed ? "failed" : "passed"} after ${seconds(taken)}`;
}

/** `untouched`, and for a layer that the plan took for one that changes: `untouched: tooling came out the same` */
export function untouched({ cutOff }: LayerProgress): string {
  return cutOff ? `untouched: ${cutOff.join(" and ")} came out the same` : "untouched";
}

/** Where images failed, what Pulumi says of them: that the program could not go on without them adds nothing. */
function diagnosticsIn(log: string): string {
  const start = log.indexOf("Diagnostics:");
  if (start === -1) return "";
  const end = log.slice(start).search(/\n(Outputs|Resources):/);
  const all = log.slice(start, end === -1 ? undefined : start + end).trim();
  const images = all.split("\n\n").filter((block) => block.includes("docker-build:index:Image ("));
  return images.length > 0 ? images.join("\n\n") : all;
}

/** What the step that failed printed, of each layer: the error that Pulumi shows often has only the exit code. */
async function lastWordsOf(layers: readonly LayerProgress[], { name: stack, workspace }: Stack): Promise<string[]> {
  const { envVars, workDir } = workspace;
  const builder = String(configOf(stack, "builder", workDir));
  const mask = await maskOf(stack, envVars, workDir).catch((error: Error) => error);
  const lastWords = layers.map(async ({ name }) => {
    const log = await buildLog(name, builder, envVars, workDir).catch(() => undefined);
    if (!log) return `${name}: the builder keeps no log of it`;
    if (mask instanceof Error) return `${name}: ${mask.message}`;
    return `${name}:\n${mask(ownLinesIn(failedStep(log), name, stack))}`;
  });
  return Promise.all(lastWords);
}

/** One for each stack, since updates of several may run at once. */
function logFile({ name }: Stack): string {
  return join(homeAt().logs, `up-${name.replaceAll("/", "-")}.log`);
}

function keepLog(log: string, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, log);
}
