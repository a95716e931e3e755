import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import { InputError } from "../../components/catalog/input-error";
import { claim } from "../claim";
import { root } from "../home";
import { configOf, fileOf } from "../stack/config-files";
import type { Environment } from "../stack/environment";
import { type Interruption, interruptible } from "../stack/interruption";
import { askPulumi } from "../stack/pulumi";
import { planAndUp, type UpOptions } from "../stack/up-verb";

/**
 * Writes what somebody asks for into the project's files, shows the plan of it, asks, and does it. Where the plan fails or is refused, or
 * somebody ends it before the update begins, the files are as they were; where the update fails they stay, and the next one goes on.
 *
 * @param files that `write` may change: paths relative to the project
 * @param settle changes them again when it is done
 * @returns whether it was done
 * @throws Interrupted
 * @throws Error where another process does so in this clone: each would take what the other writes back with its own
 */
export async function request(
  options: UpOptions,
  files: readonly string[],
  write: (interruption: Interruption) => Promise<void>,
  settle?: () => Promise<void>,
): Promise<boolean> {
  const holder = claim(join(root, ".strata/release.claim"));
  if (holder !== undefined) {
    throw new Error(
      `a release or a rollback is under way in this clone, as process ${holder}; wait for it or stop it with: kill ${holder}`,
    );
  }
  const before = files.map((name) => ({ name, path: join(root, name), text: textOf(join(root, name)) }));
  const restore = () => {
    for (const { path, text } of before) {
      if (text === undefined) rmSync(path, { force: true });
      else if (textOf(path) !== text) writeFileSync(path, text);
    }
  };
  const interruption = interruptible();
  try {
    await write(interruption);
    const ended = await planAndUp(options, interruption);
    if (ended === "refused") restore();
    if (ended === "interrupted")
      process.stderr.write(`What was asked for is in ${files.join(", ")}: the next up goes on.\n`);
    if (ended !== "done") return false;
  } catch (error) {
    if ((error as Error).name !== "UpFailed") restore();
    throw error;
  }
  await settle?.();
  const changed = before.filter(({ path, text }) => textOf(path) !== text).map(({ name }) => name);
  if (changed.length > 0)
    process.stderr.write(`Recorded in ${changed.join(", ")}: commit ${changed.length === 1 ? "it" : "them"}.\n`);
  return true;
}

/** @param values key → value, without `strata:`. @example { 'versions["app"]': "1.2.3" } */
export async function setConfig(
  stack: string,
  values: Readonly<Record<string, string | boolean>>,
  env: Environment,
  interruption: Interruption,
): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    const [name = ""] = key.split("[");
    // Pulumi would put the one value in the place of them all.
    if (typeof configOf(stack, name) === "string") {
      const file = fileOf(stack);
      throw new InputError(`${file}: strata:${name}`, "is JSON in a text; write it as YAML, a line for each layer");
    }
    const type = ["--type", typeof value === "boolean" ? "bool" : "string"];
    const args = ["config", "set", "--stack", stack, "--path", ...type, `strata:${key}`, String(value)];
    await askPulumi(args, { env, folder: root, interruption });
  }
}

/** Takes one value out of a map, and the map where it was the last. @param name of the map, without `strata:` */
export async function removeConfig(stack: string, name: string, key: string, env: Environment): Promise<void> {
  const remove = ["config", "rm", "--stack", stack];
  await askPulumi([...remove, "--path", `strata:${name}["${key}"]`], { env, folder: root });
  if (Object.keys(configOf(stack, name) as object).length === 0) {
    await askPulumi([...remove, `strata:${name}`], { env, folder: root });
  }
}

/** What another program or verb may read of a stack's layers; undefined for a stack without any. */
export async function outputsOf(
  stack: string,
  env: Environment,
): Promise<Readonly<Record<string, ToldLayer>> | undefined> {
  const told = await askPulumi(["stack", "output", "--json", "--stack", stack], { env, folder: root });
  return (JSON.parse(told) as { layers?: Record<string, ToldLayer> }).layers;
}

/** What the verbs here use of the output `layers`. */
export interface ToldLayer {
  readonly digest: string;
  readonly versions?: Readonly<Record<string, string>>;
  /** Digests, newest first. */
  readonly before?: readonly string[];
  readonly held?: true;
}

/** Raises `rebuild` in an image.yaml. @param file relative to the project */
export function raiseRebuild(file: string): void {
  const path = join(root, file);
  writeFileSync(path, withRaisedRebuild(textOf(path) ?? ""));
}

/** An image.yaml in which `rebuild` is one more than it was, and all else as its author wrote it. */
export function withRaisedRebuild(text: string): string {
  const document = parseDocument(text);
  const node = document.get("rebuild", true);
  if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    return `${text.slice(0, start)}${Number(node.value) + 1}${text.slice(end)}`;
  }
  if (isMap(document.contents) && document.contents.flow) {
    document.set("rebuild", 1);
    return document.toString({ lineWidth: 0 });
  }
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}rebuild: 1\n`;
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
