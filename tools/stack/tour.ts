import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { type Home, root } from "../home";
import { reasonsText } from "../plan/print";
import { seconds } from "../terminal";
import { LayerEvents, type LayerProgress } from "./layer-events";
import { upWithProgress } from "./up";

const file = "app/etc/motd";

/**
 * Shows once what an edit costs: changes a file of app, previews, builds, and takes the edit back.
 *
 * The edit is made in a copy of images/, which only the configuration file of these runs names, so that no file of the
 * user's is ever touched, not even when the machine is switched off in the middle.
 *
 * @returns what to say of it; nothing where it was played before, and for a family of the user's own
 */
export async function playTour(stack: Stack, home: Home): Promise<string[]> {
  const stamp = join(home.folder, "tour-played");
  const images = (await stack.getAllConfig())["strata:images"]?.value ?? "images";
  if (existsSync(stamp) || images !== "images" || !existsSync(join(root, images, file))) return [];

  const folder = join(home.folder, "tour");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "images"), join(folder, "images"), { recursive: true });
  appendFileSync(join(folder, "images", file), "  This line was added to show what an edit costs.\n");
  const configFile = join(folder, "Pulumi.local.yaml");
  writeFileSync(configFile, withImages(join(root, "Pulumi.local.yaml"), ".strata/tour/images"));

  process.stdout.write(`\n── An edit to images/${file}: what the preview says\n`);
  const planned = new LayerEvents();
  await stack.preview({ configFile, onEvent: planned.onEvent });
  for (const layer of planned.all) process.stdout.write(`  ${layer.name.padEnd(16)} ${planOf(layer)}\n`);
  process.stdout.write("── and what pulumi up does\n");
  const began = Date.now();
  const { layers: done } = await upWithProgress(stack, { configFile }, planned.all);
  const took = (Date.now() - began) / 1000;
  process.stdout.write("── The edit is taken back\n");
  await upWithProgress(stack);
  rmSync(folder, { recursive: true });
  writeFileSync(stamp, "");

  const untouched = done.filter((layer) => layer.seconds === undefined).map((layer) => layer.name);
  return [
    `An edit to images/${file} took ${seconds(took)}, Pulumi's start included; ${untouched.join(" and ")} untouched.`,
  ];
}

function planOf(layer: LayerProgress): string {
  return layer.action === "unchanged" ? "untouched" : `${layer.action}: ${reasonsText(layer.reasons)}`;
}

function withImages(configFile: string, images: string): string {
  const stackFile = parse(readFileSync(configFile, "utf8")) as { config: Record<string, unknown> };
  return stringify({ ...stackFile, config: { ...stackFile.config, "strata:images": images } });
}
