import { dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../components/catalog/input-error";
import { checkVersion, namesVersions } from "../../components/release/tags";
import { root } from "../home";
import { catalogOf, configObjectOf, configOf, fileOf } from "../stack/config-files";
import type { Interruption } from "../stack/interruption";
import { unknownLayer } from "../stack/unknown-layer";
import { upEnvironment } from "../stack/up-verb";
import { jsonOption, stackOption } from "../verb";
import { outputsOf, raiseRebuild, removeConfig, request, setConfig, type ToldLayer } from "./request";

interface Options {
  readonly stack: string;
  readonly yes?: true;
  readonly json?: true;
}

interface ReleaseOptions extends Options {
  readonly all?: true;
  readonly version?: string;
  readonly rebuild?: true;
}

interface RollbackOptions extends Options {
  readonly to: string;
  readonly end?: true;
}

/** `strata release` and `strata rollback`: which image has which name, and which one a stack stands for. */
export function addRelease(program: Command): void {
  // Its own --version is no version of a layer.
  program.enablePositionalOptions();
  program
    .command("release [layers...]")
    .description("give what a stack has, or builds now, a version: shows the plan, asks, and does it")
    .option("--all", "every layer")
    .option("--version <version>", "such as 1.2.3 or v2.0.0-beta.1; <layer>-<time> unless it is given")
    .option("--rebuild", "run every step of these layers anew, recorded in their image.yaml")
    .option("--yes", "do not ask")
    .option(...stackOption)
    .option(...jsonOption)
    .action(release);
  program
    .command("rollback <layer>")
    .description("have a stack that promotes stand for another image of a layer, until it is told otherwise")
    .option("--to <image>", "a digest, a version, or how many images back", "-1")
    .option("--end", "follow the stack that is promoted from again")
    .option("--yes", "do not ask")
    .option(...stackOption)
    .option(...jsonOption)
    .action(rollback);
}

async function release(names: readonly string[], options: ReleaseOptions): Promise<void> {
  const { stack, all, rebuild } = options;
  if ((names.length === 0) === (all === undefined)) throw new Error("name the layers to release, or give --all");
  const templates = (configObjectOf(stack, "releaseTags") ?? []) as string[];
  if (!namesVersions(templates)) {
    const next = `strata:releaseTags[${templates.length}]`;
    throw new InputError(
      "strata:releaseTags",
      `no tag is made of a version; add one: pulumi config set --stack ${stack} --path '${next}' '{version}'`,
    );
  }
  const promotes = promoteFrom(stack) !== "";
  if (promotes && rebuild) throw new Error(`the stack ${stack} promotes, and builds nothing that could be built anew`);
  const env = await upEnvironment(stack);
  const told = (await outputsOf(stack, env)) ?? {};
  const catalog = promotes ? [] : catalogOf(stack, root);
  const known = promotes ? Object.keys(told) : catalog.map(({ name }) => name);
  const where = promotes ? `in the stack ${stack}` : "in images";
  const layers = all ? known : names;
  for (const name of layers) if (!known.includes(name)) throw new Error(unknownLayer(name, known, where));
  const versions = Object.fromEntries(layers.map((name) => [name, options.version ?? timeVersion(name, stack)]));
  for (const [name, version] of Object.entries(versions)) {
    checkVersion(version, name);
    refuseTaken(name, version, told[name]);
  }
  const manifests = rebuild
    ? catalog
        .filter(({ name }) => layers.includes(name))
        .map(({ dockerfilePath }) => relative(root, join(dirname(dockerfilePath), "image.yaml")))
    : [];
  const asked = promotes ? { ...options, request: { layers, rollback: false } } : options;
  await request(asked, [fileOf(stack), ...manifests], async (interruption) => {
    for (const file of manifests) raiseRebuild(file);
    const values = Object.entries(versions).map(([name, version]) => [`versions["${name}"]`, version]);
    await setConfig(stack, Object.fromEntries(values), env, interruption);
  });
}

async function rollback(layer: string, options: RollbackOptions): Promise<void> {
  const { stack, to, end } = options;
  const from = promoteFrom(stack);
  if (from === "") {
    throw new Error(
      `the stack ${stack} builds its images; to go back there, git revert the commit: what was built before is built to the same digest`,
    );
  }
  const env = await upEnvironment(stack);
  const told = (await outputsOf(stack, env)) ?? {};
  const has = told[layer];
  if (!has) throw new Error(unknownLayer(layer, Object.keys(told), `in the stack ${stack}`));
  const hold = end ? false : imageAt(layer, to, has);
  const asked = { ...options, request: { layers: [layer], rollback: true } };
  const write = (interruption: Interruption) => setConfig(stack, { [`hold["${layer}"]`]: hold }, env, interruption);
  // An order that is carried out would be one again after a later rollback, in every clone that has not heard of it.
  const settle = end ? () => removeConfig(stack, "hold", layer, env) : undefined;
  if (!(await request(asked, [fileOf(stack)], write, settle))) return;
  const next = end
    ? `${layer} follows ${from} again.`
    : `${layer} stays there until: strata rollback ${layer} --end --stack ${stack}`;
  process.stderr.write(`${next}\n`);
}

/** What `--to` says of a layer. @throws Error where it says how many images back, and there are not so many */
function imageAt(layer: string, to: string, { before = [] }: ToldLayer): string {
  const [, back] = /^-(\d+)$/.exec(to) ?? [];
  if (back === undefined) return to;
  const digest = before[Number(back) - 1];
  if (digest !== undefined) return digest;
  const count = before.length === 1 ? "1 image" : `${before.length} images`;
  throw new Error(`the stack has had ${count} of ${layer} before this one; give --to a version or a digest (sha256:…)`);
}

function promoteFrom(stack: string): string {
  return String(configOf(stack, "promoteFrom") ?? "");
}

function refuseTaken(layer: string, version: string, told: ToldLayer | undefined): void {
  const digest = told?.versions?.[version];
  if (digest === undefined) return;
  throw new Error(`${version} of ${layer} is ${digest} for ever; give another version`);
}

/** In UTC. @example "app-20261121-201500" */
function timeVersion(layer: string, stack: string): string {
  const [day = "", time = ""] = new Date().toISOString().replace(/[-:]/g, "").split(/[T.]/);
  // Where layers share a repository, each tag has the layer's name before it already.
  const named = String(configOf(stack, "repository")).includes("{name}");
  return `${named ? `${layer}-` : ""}${day}-${time}`;
}
