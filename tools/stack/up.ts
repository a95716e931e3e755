import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Stack, UpOptions } from "@pulumi/pulumi/automation";
import { homeAt } from "../home";
import { seconds } from "../terminal";
import { LayerEvents, type LayerProgress } from "./layer-events";

/**
 * `pulumi up`, told by layer: a line when a build begins and one when it ends, and on a terminal what the builder does
 * in between. Pulumi's own output goes to a log.
 *
 * @throws Error with Pulumi's own diagnostics when it fails
 */
export async function upWithProgress(stack: Stack, options: UpOptions = {}): Promise<readonly LayerProgress[]> {
  const shown = new Map<string, string>();
  const events = new LayerEvents((layer) => {
    const state = stateOf(layer);
    if (state !== shown.get(layer.name)) printLine(`  ${layer.name.padEnd(16)} ${state}`);
    else if (layer.line) printLive(`  ${layer.name.padEnd(16)} ${layer.line}`);
    shown.set(layer.name, state);
  });
  let log = "";
  try {
    await stack.up({ continueOnError: true, ...options, onEvent: events.onEvent, onOutput: (text) => (log += text) });
  } catch (error) {
    throw new Error(`pulumi up failed.\n${diagnosticsIn(log) || (error as Error).message}`);
  } finally {
    printLive("");
    keepLog(log);
  }
  return events.all;
}

function stateOf(layer: LayerProgress): string {
  if (layer.action === "unchanged") return "untouched";
  if (layer.failed) return "failed";
  if (layer.action === "removed") return "removed; its images stay in the registry";
  if (layer.seconds !== undefined) return `pushed after ${seconds(layer.seconds)}`;
  return layer.action === "new" ? "new" : `changed: ${layer.reasons.join(", ")}`;
}

function diagnosticsIn(log: string): string {
  const start = log.indexOf("Diagnostics:");
  const end = log.indexOf("\nResources:", start);
  return start === -1 ? "" : log.slice(start, end === -1 ? undefined : end);
}

function keepLog(log: string): void {
  const file = join(homeAt().logs, "up.log");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, log);
}

function printLine(text: string): void {
  printLive("");
  process.stdout.write(`${text}\n`);
}

/** A line that the next one replaces; nothing where nobody watches. */
function printLive(text: string): void {
  if (!process.stdout.isTTY) return;
  const width = process.stdout.columns || 80;
  process.stdout.write(`\r\x1b[K${text.replace(/\s+/g, " ").slice(0, width - 1)}`);
}
