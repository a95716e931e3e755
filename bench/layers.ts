import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setInterval } from "node:timers";
import { execa } from "execa";
import { bakeFile } from "../components/catalog/bake";
import { readCatalog } from "../components/catalog/catalog";
import { homeAt, root } from "../tools/home";
import { localBuilder } from "../tools/services/buildkit";
import { freePort } from "../tools/services/free-port";
import { startServices, stopServices } from "../tools/services/services";
import { localEnvironment, prepareLocalState } from "../tools/stack/environment";
import { makeScratchProject } from "../tools/stack/scratch-project";
import { seconds, table } from "../tools/terminal";
import { installRunc, installTools } from "../tools/toolchain/install";
import { planTools, serviceTools } from "../tools/toolchain/tools";
import { median, option } from "./measure";

/**
 * Times `pulumi preview` and `pulumi up` of families in which nothing changed, beside a program that does nothing and beside
 * `buildx bake` of the same family with everything in its cache: medians of whole commands. Each family is built once, which for 500
 * layers takes minutes. Then says for the largest where the time goes: CPU seconds by process, and by part of the program.
 *
 * usage: npm run bench:layers [-- --runs N] [--sizes 3,100,500]
 */
const home = homeAt(join(root, ".strata/bench"));
const pins = join(root, "upstreams.yaml");

/** How many layers a level has. */
const width = 10;
const bakedSize = 100;

/** How often a process is asked what it has used, in milliseconds. */
const sampling = 20;
const ticksPerSecond = 100;

type Run = (...args: string[]) => Promise<void>;

async function main(runs: number, sizes: readonly number[]): Promise<void> {
  await installTools([...planTools, ...serviceTools], () => {});
  await installRunc(() => {});
  mkdirSync(home.folder, { recursive: true });
  const registry = await startServices(home, await freePort());
  try {
    prepareLocalState(home);
    const rows = [await row("an empty program", await project(0, registry), runs)];
    for (const size of sizes) {
      rows.push(await row(`${size} layers`, await project(size, registry), runs));
      if (size === bakedSize) {
        const baked = await median(runs, () => bake(size));
        rows.push([`${size} layers, buildx bake`, seconds(baked), "–"]);
      }
    }
    process.stdout.write(`${table(["what", "preview", "up"], rows)}\n`);
    await profile(folderOf(sizes.at(-1) as number));
  } finally {
    await stopServices(home);
  }
}

async function row(what: string, run: Run, runs: number): Promise<string[]> {
  const preview = await median(runs, () => run("preview", "--expect-no-changes"));
  const up = await median(runs, () => run("up", "--yes", "--skip-preview", "--expect-no-changes"));
  return [what, seconds(preview), seconds(up)];
}

/** Makes a project and brings it up. @param layers 0 for a program that does nothing */
async function project(layers: number, registry: string): Promise<Run> {
  const folder = folderOf(layers);
  rmSync(folder, { recursive: true, force: true });
  makeScratchProject(folder, pins);
  if (layers === 0) writeFileSync(join(folder, "index.ts"), "export {};\n");
  else writeFamily(folder, layers);
  const run = commandIn(folder);
  await run("stack", "init", "local");
  const config = { registry, builder: localBuilder, organisation: `bench${layers}` };
  for (const [key, value] of Object.entries(config)) await run("config", "set", `strata:${key}`, value);
  await run("up", "--yes", "--skip-preview");
  return run;
}

function folderOf(layers: number): string {
  return join(home.folder, `layers-${layers}`);
}

/** Each layer but those of the first level stands on one of the level beneath, and copies from another. */
function writeFamily(folder: string, layers: number): void {
  for (let layer = 0; layer < layers; layer++) {
    const images = join(folder, `images/l${layer}`);
    mkdirSync(images, { recursive: true });
    const beneath = layer - width;
    const beside = Math.floor(beneath / width) * width + ((beneath + 1) % width);
    const parents =
      beneath < 0 ? ["FROM scratch"] : [`FROM l${beneath}`, `COPY --link --from=l${beside} /file /beside`];
    writeFileSync(join(images, "Dockerfile"), [...parents, "COPY --link file /file", ""].join("\n"));
    writeFileSync(join(images, "file"), `${layer}\n`);
  }
}

function commandIn(folder: string, more: Readonly<Record<string, string>> = {}): Run {
  const env = { ...localEnvironment(home, true), PULUMI_BACKEND_URL: `file://${join(folder, "state")}`, ...more };
  return async (...args) => {
    await execa("pulumi", [...args, "--non-interactive"], { cwd: folder, env, timeout: 60 * 60_000 });
  };
}

async function bake(layers: number): Promise<void> {
  const folder = folderOf(layers);
  const file = join(folder, "docker-bake.json");
  const source = { upstreams: new Map(), pinsFile: undefined, platforms: ["linux/amd64"] };
  writeFileSync(file, JSON.stringify(bakeFile(readCatalog({ ...source, images: join(folder, "images") }))));
  const options = ["--builder", localBuilder, "--allow", "fs.read=/", "--set", "*.output=type=cacheonly"];
  const env = localEnvironment(home, true);
  await execa("buildx", ["bake", "--file", file, ...options], { cwd: folder, env, timeout: 10 * 60_000 });
}

async function profile(folder: string): Promise<void> {
  const profiles = join(folder, "profiles");
  rmSync(profiles, { recursive: true, force: true });
  const used = new Map<number, [process: string, seconds: number]>();
  const sampler = setInterval(() => sample(used), sampling);
  const began = performance.now();
  await commandIn(folder)("preview");
  const took = (performance.now() - began) / 1000;
  clearInterval(sampler);
  const processes = new Map<string, number>();
  for (const [name, time] of used.values()) processes.set(name, (processes.get(name) ?? 0) + time);
  const rows = [...processes].sort(([, a], [, b]) => b - a).map(([name, time]) => [name, seconds(time)]);
  process.stdout.write(`\npreview: ${seconds(took)}\n${table(["process", "CPU"], rows)}\n`);

  await commandIn(folder, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` })("preview");
  const [file] = globSync(join(profiles, "*.cpuprofile"))
    .map((path) => [path, readFileSync(path, "utf8")] as const)
    .sort(([, a], [, b]) => b.length - a.length);
  if (file) process.stdout.write(`\n${table(["part of the program", "time"], partsOf(JSON.parse(file[1])))}\n`);
}

/** Adds up what the processes beneath this one have used so far. */
function sample(used: Map<number, [string, number]>): void {
  const parents = new Map<number, number>();
  const stats = new Map<number, [string, number]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      parents.set(Number(entry), Number(fields[1]));
      stats.set(Number(entry), [name, (Number(fields[11]) + Number(fields[12])) / ticksPerSecond]);
    } catch {
      // It has ended.
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === process.pid || isOurs(parent));
  };
  for (const [pid, stat] of stats) if (isOurs(pid) && !services.has(stat[0])) used.set(pid, stat);
}

const services = new Set(["buildkitd", "registry"]);

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const parts: readonly [part: string, pattern: RegExp][] = [
  ["reading and staging the family", /\/components\/catalog\//],
  ["our components", /\/components\/|\/index\.ts/],
  ["compiling TypeScript", /ts-node|typescript|@swc/],
  ["gRPC and protobuf", /@grpc|google-protobuf|\/proto\//],
  ["Pulumi's SDK", /@pulumi/],
  ["other packages", /node_modules/],
  ["Node.js", /^node:/],
];

/** Time by part, each sample counted for the function that ran. */
function partsOf({ nodes, samples, timeDeltas }: CpuProfile): string[][] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [
      id,
      url === "" ? functionName : (parts.find(([, pattern]) => pattern.test(url))?.[0] ?? "other"),
    ]),
  );
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) as string;
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] as number) / 1e6);
  });
  return [...times]
    .filter(([, time]) => time > 0.01)
    .sort(([, a], [, b]) => b - a)
    .map(([name, time]) => [name, `${Math.round(time * 1000)} ms`]);
}

main(Number(option("--runs") ?? 5), (option("--sizes") ?? "3,100,500").split(",").map(Number)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
