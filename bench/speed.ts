import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
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
import { median, option } from "./measure";

/**
 * Times what users wait for on the family in images/, beside what Pulumi takes for a program that does nothing: medians
 * of whole commands, Pulumi's start included. Services and state are its own.
 *
 * usage: npm run bench [-- --runs N]   (5)
 */
const home = homeAt(join(root, ".strata/bench"));
const project = join(home.folder, "project");
const empty = join(home.folder, "empty");
const motd = join(project, "images/app/etc/motd");

async function main(runs: number): Promise<void> {
  await installTools([...planTools, ...serviceTools], () => {});
  await installRunc(() => {});
  for (const folder of [project, empty]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(home.folder, { recursive: true });
  const registry = await startServices(home, await freePort());
  try {
    await ensureStandIns(join(root, "upstreams.yaml"), registry, home, () => {});
    prepareLocalState(home);
    const backend = makeScratchProject(project, join(root, "upstreams.yaml"));
    cpSync(join(root, "images"), join(project, "images"), { recursive: true });
    const emptyBackend = makeScratchProject(empty, join(root, "upstreams.yaml"));
    writeFileSync(join(empty, "index.ts"), "export {};\n");
    const pulumi = commandIn(project, backend);
    const nothing = commandIn(empty, emptyBackend);
    for (const run of [pulumi, nothing]) {
      await run("stack", "init", "local");
      const config = {
        registry,
        builder: localBuilder,
        standIns: home.standInsFile,
        organisation: "bench",
        tests: "none",
      };
      for (const [key, value] of Object.entries(config)) await run("config", "set", `strata:${key}`, value);
      await run("up", "--yes", "--skip-preview");
    }

    const floor = await median(runs, () => nothing("preview"));
    const noop = await median(runs, () => pulumi("preview"));
    const floorUp = await median(runs, () => nothing("up", "--yes", "--skip-preview"));
    const edit = await median(
      runs,
      () => pulumi("up", "--yes", "--skip-preview"),
      async () => {
        appendFileSync(motd, `${Date.now()}\n`);
        await emptyBuildkit(home);
      },
    );
    const rows = [
      [
        "preview, nothing changed",
        seconds(noop),
        `${(noop / floor).toFixed(2)} ×`,
        "preview of an empty program",
        seconds(floor),
      ],
      [
        "up, a file of app, cold",
        seconds(edit),
        `${(edit / floorUp).toFixed(2)} ×`,
        "up of an empty program",
        seconds(floorUp),
      ],
    ];
    process.stdout.write(`${table(["what", "median", "ratio", "to", "median"], rows)}\n`);
  } finally {
    await stopServices(home);
  }
}

function commandIn(folder: string, backend: string): (...args: string[]) => Promise<void> {
  const env = { ...localEnvironment(home, true), PULUMI_BACKEND_URL: backend };
  return async (...args) => {
    await execa("pulumi", [...args, "--non-interactive"], { cwd: folder, env, timeout: 15 * 60_000 });
  };
}

main(Number(option("--runs") ?? 5)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
