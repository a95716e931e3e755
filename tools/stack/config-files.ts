import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { type Catalog, type CatalogSource, readCatalog } from "../../components/catalog/catalog";
import { InputError } from "../../components/catalog/input-error";
import { readTextIfThere } from "../../components/catalog/read-text";
import { readUpstreams } from "../../components/catalog/upstreams";
import type { HistorySource } from "../../components/release/history";
import { StackConfig } from "../../components/stack-config";
import { root } from "../home";

/**
 * A key of a stack's configuration as its files have it, without Pulumi: Pulumi.<stack>.yaml, or else the default in Pulumi.yaml.
 * Of no use for secrets.
 *
 * @param key without `strata:`
 * @param folder the project's. @default this project
 */
export function configOf(stack: string, key: string, folder = root): unknown {
  return readConfig(stack, folder).get(key);
}

/** The same of a list or a map, which Pulumi takes as JSON in a text too. */
export function configObjectOf(stack: string, key: string, folder = root): unknown {
  return readConfig(stack, folder).object(key);
}

let last:
  | { readonly own: string | undefined; readonly project: string | undefined; readonly config: StackConfig }
  | undefined;

/**
 * A stack's configuration. Both files are parsed once as long as they stay as they are: a verb asks for ten keys, and parsing takes 10 ms.
 *
 * @param folder as of `configOf`
 */
export function readConfig(stack: string, folder = root): StackConfig {
  const [ownFile, projectFile] = configFilesOf(stack);
  const own = readTextIfThere(join(folder, ownFile));
  const project = readTextIfThere(join(folder, projectFile));
  if (!last || last.own !== own || last.project !== project) {
    const config = new StackConfig({ file: ownFile, text: own }, { file: projectFile, text: project });
    last = { own, project, config };
  }
  return last.config;
}

/** What `strata:labels` says. */
export function labelsIn(stack: string): Readonly<Record<string, string>> {
  return (configObjectOf(stack, "labels") ?? {}) as Record<string, string>;
}

/**
 * The family as a stack's configuration has it.
 *
 * @param folder the project's. @default the working directory, which its paths are relative to, and which must be this project
 * @throws InputError for a stack without a file, and as `readCatalog` does
 */
export function catalogOf(stack: string, folder?: string): Catalog {
  return readCatalog(catalogSourceOf(stack, folder));
}

/** Where a stack's family is read from. @throws InputError for a stack without a file, and for pins that cannot be read */
export function catalogSourceOf(stack: string, folder?: string): CatalogSource & { readonly pinsFile: string } {
  const config = (key: string) => configOf(stack, key, folder);
  const at = (path: unknown) => (folder === undefined ? String(path) : resolve(folder, String(path)));
  if (!existsSync(join(folder ?? root, fileOf(stack)))) {
    throw new InputError(fileOf(stack), "no such file; npm start makes the stack local, pulumi stack init another");
  }
  const pinsFile = at(config("upstreams"));
  const standIns = config("standIns");
  return {
    images: at(config("images")),
    root: folder ?? ".",
    upstreams: readUpstreams(pinsFile, standIns ? at(standIns) : undefined),
    pinsFile,
    platforms: configObjectOf(stack, "platforms", folder) as string[],
  };
}

/** Where git has a stack's family: of one that promotes, the family of the one that builds its images. @param folder as of `configOf` */
export function historySourceOf(stack: string, folder = root): HistorySource {
  const building = buildingStack(stack, folder);
  const config = (key: string) => String(configOf(building, key, folder));
  return { images: config("images"), pinsFile: config("upstreams"), configFiles: configFilesOf(building) };
}

/** The stack whose configuration a stack's images are built by: its own, unless it promotes from another one of this project. */
export function buildingStack(stack: string, folder = root): string {
  const passed = new Set<string>();
  for (let building = stack; ; ) {
    passed.add(fileOf(building));
    const from = String(configOf(building, "promoteFrom", folder) ?? "");
    if (from === "" || !isOfProject(from, folder) || passed.has(fileOf(from))) return building;
    if (!existsSync(join(folder, fileOf(from)))) return building;
    building = from;
  }
}

/** @example "dev", "acme/dev", "acme/images/dev" */
function isOfProject(stack: string, folder: string): boolean {
  const parts = stack.split("/");
  return parts.length < 3 || parts[1] === projectIn(folder);
}

/** @param stack with its organisation or without. @example "acme/dev" */
export function fileOf(stack: string): string {
  return `Pulumi.${stack.split("/").at(-1)}.yaml`;
}

/** The project's name. */
export function projectIn(folder: string): string {
  return (parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { readonly name: string }).name;
}

function configFilesOf(stack: string): readonly [string, string] {
  return [fileOf(stack), "Pulumi.yaml"];
}
