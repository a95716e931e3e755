import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { bakeFile } from "../components/catalog/bake";
import { readCatalog } from "../components/catalog/catalog";
import { readUpstreams } from "../components/catalog/upstreams";
import { homeAt, root } from "../tools/home";
import { localBuilder } from "../tools/services/buildkit";
import { freePort } from "../tools/services/free-port";
import { emptyBuildkit, startServices, stopServices } from "../tools/services/services";
import { localEnvironment, prepareLocalState } from "../tools/stack/environment";
import { makeScratchProject } from "../tools/stack/scratch-project";
import { seconds, table } from "../tools/terminal";
import { installRunc, installTools } from "../tools/toolchain/install";
import { planTools, serviceTools } from "../tools/toolchain/tools";
import { ensureStandIns } from "../tools/upstreams/stand-ins";
import { median, middle, option, timed } from "./measure";

/**
 * Times the family in images/ on a builder that has nothing cached, as on a fresh CI machine: its first build, which nobody has a cache
 * of, beside `buildx bake` of the same Dockerfiles with a registry cache, as bake comes and with zstd; then edits.
 *
 * usage: npm run bench:cold [-- --runs N] [--first N] [--family small]   (3 of each edit; 1 of each first build, in turn)
 *
 * `small` has a chain of three in the place of images/, of which a first build takes a minute: most of what it takes is Debian's
 * packages and not a compiler.
 */
const home = homeAt(join(root, ".strata/bench"));
const project = join(home.folder, "cold");
const env = { ...localEnvironment(home, true), PULUMI_BACKEND_URL: `file://${join(project, "state")}` };

/** As images/, without its Go programs, and of everything else less. The tool needs nothing of base. */
const small: Readonly<Record<string, readonly string[]>> = {
  "base/Dockerfile": [
    "FROM debian:trixie-slim",
    "RUN apt-get update && apt-get install -y --no-install-recommends build-essential git curl jq python3 \\",
    "    && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/aux-cache",
  ],
  "tooling/Dockerfile": [
    "FROM debian:trixie-slim AS node",
    "RUN apt-get update && apt-get install -y --no-install-recommends nodejs \\",
    "    && install -D /usr/bin/node /out/usr/local/bin/node && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/*",
    "FROM base",
    "RUN useradd --uid 1001 developer && rm -rf /var/log/* /etc/*-",
    "COPY --link --from=node /out/ /",
    "COPY --link sshd/ /etc/ssh/",
  ],
  "tooling/sshd/strata.conf": ["Port 2222"],
  "app/Dockerfile": ["FROM tooling", "COPY --link etc/ /etc/"],
  "app/etc/motd": ["Hello"],
};

async function main(runs: number, firstRuns: number, family: string | undefined): Promise<void> {
  await installTools([...planTools, ...serviceTools], () => {});
  await installRunc(() => {});
  mkdirSync(home.folder, { recursive: true });
  const registry = await startServices(home, await freePort());
  try {
    await ensureStandIns(join(root, "upstreams.yaml"), registry, home, () => {});
    prepareLocalState(home);
    rmSync(project, { recursive: true, force: true });
    makeScratchProject(project, join(root, "upstreams.yaml"));
    if (family === "small") writeSmall();
    else cpSync(join(root, "images"), join(project, "images"), { recursive: true });
    const rows: string[][] = [];
    const firsts = {
      "first build, bake": (path: string) => bake(registry, path, "gzip"),
      "first build, bake with zstd": (path: string) => bake(registry, path, "zstd"),
      "first build, Strata": up,
    };
    const times = new Map(Object.keys(firsts).map((what) => [what, [] as number[]]));
    for (let round = 0; round < firstRuns; round++) {
      for (const [what, action] of Object.entries(firsts)) {
        // Names that the registry has nothing under.
        const path = `cold${Date.now()}`;
        if (action === up) await newStack(registry, path);
        await emptyBuildkit(home);
        const took = await timed(() => action(path));
        times.get(what)?.push(took);
        process.stderr.write(`${what}: ${seconds(took)}\n`);
      }
    }
    for (const [what, all] of times) rows.push([what, seconds(middle(all))]);

    const edit = async (what: string, file: string, action: () => Promise<void>) => {
      const took = await median(runs, action, async () => {
        appendFileSync(join(project, "images", file), `# ${Date.now()}\n`);
        await emptyBuildkit(home);
      });
      rows.push([what, seconds(took)]);
    };
    await edit("a file of app, up", "app/etc/motd", up);
    await edit("a configuration file of tooling, up", "tooling/sshd/strata.conf", up);
    await edit("a comment in base, up with nothing planned", "base/Dockerfile", () => upWith("--expect-no-changes"));
    process.stdout.write(`${table(["what", "took"], rows)}\n`);
  } finally {
    await stopServices(home);
  }
}

/** A stack that never built anything. */
async function newStack(registry: string, organisation: string): Promise<void> {
  rmSync(join(project, "state"), { recursive: true, force: true });
  rmSync(join(project, "Pulumi.local.yaml"), { force: true });
  mkdirSync(join(project, "state"));
  await pulumi("stack", "init", "local");
  const config = { registry, builder: localBuilder, standIns: home.standInsFile, organisation, tests: "none" };
  for (const [key, value] of Object.entries(config)) await pulumi("config", "set", `strata:${key}`, value);
}

function writeSmall(): void {
  for (const [path, lines] of Object.entries(small)) {
    const file = join(project, "images", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
  }
}

const up = () => upWith();

async function upWith(...more: string[]): Promise<void> {
  await pulumi("up", "--yes", "--skip-preview", ...more);
}

async function pulumi(...args: string[]): Promise<void> {
  await execa("pulumi", [...args, "--non-interactive"], { cwd: project, env, timeout: 60 * 60_000 });
}

/** As Docker's documentation has it: each image and its cache pushed to the registry, the cache with all stages. */
async function bake(registry: string, path: string, compression: "gzip" | "zstd"): Promise<void> {
  const upstreams = readUpstreams(join(project, "upstreams.yaml"), home.standInsFile);
  const source = { upstreams, pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
  const file = bakeFile(readCatalog({ ...source, images: join(project, "images"), root: project }));
  const how = compression === "zstd" ? ",compression=zstd,oci-mediatypes=true" : "";
  const target = Object.fromEntries(
    Object.entries(file.target).map(([name, settings]) => {
      const image = `${registry}/${path}/${name}`;
      const cache = `type=registry,ref=${image}:cache`;
      const pushed = { tags: [image], output: [`type=registry${how}`] };
      return [name, { ...settings, ...pushed, "cache-from": [cache], "cache-to": [`${cache},mode=max${how}`] }];
    }),
  );
  writeFileSync(join(project, "bake.json"), JSON.stringify({ ...file, target }));
  const options = ["--builder", localBuilder, "--allow", "fs.read=/", "--progress", "quiet"];
  await execa("buildx", ["bake", "--file", "bake.json", ...options], { cwd: project, env, timeout: 60 * 60_000 });
}

main(Number(option("--runs") ?? 3), Number(option("--first") ?? 1), option("--family")).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
