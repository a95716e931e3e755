import type { ConfigMap, OutputMap, Stack } from "@pulumi/pulumi/automation";
import type { LayerOutput } from "../components/family";
import { imageSize } from "../components/image";
import { localStack } from "../components/local-stack";
import { homeAt } from "./home";
import { runPhases } from "./phases";
import { catalogBesidesLocks, type LocksSource } from "./pins/pins";
import { withPresentPackages } from "./pins/renew";
import { reasonsText } from "./plan/print";
import { localBuilder } from "./services/buildkit";
import { registryPort, startServices } from "./services/services";
import { builtLayers } from "./stack/built-layers";
import { catalogSourceOf, configOf } from "./stack/config-files";
import { appliedEnvironment, environmentOf } from "./stack/environment";
import { interruptible } from "./stack/interruption";
import { LayerEvents, type LayerProgress } from "./stack/layer-events";
import { usesLocalServices } from "./stack/local-config";
import { localStackIn } from "./stack/local-stack";
import { playTour } from "./stack/tour";
import { UpFailed, untouched, upWithProgress } from "./stack/up";
import { megabytes, seconds, table } from "./terminal";
import { installRunc, installTools } from "./toolchain/install";
import { planTools, serviceTools } from "./toolchain/tools";
import { ensureStandIns } from "./upstreams/stand-ins";

const home = homeAt();
const interruption = interruptible();

/** What `npm start` does: sets everything up, plans and builds the family on the stack `local`, and tells what happened. */
async function main(): Promise<void> {
  const local = usesLocalServices();
  let stack!: Stack;
  const config = local ? localConfig() : { "strata:standIns": { value: "" } };
  await runPhases(
    [
      { title: "Tools for planning", run: async (report) => listed(await installTools(planTools, report)) },
      {
        title: `Stack ${localStack}`,
        run: async () => {
          const opened = await localStackIn(home, config, interruption);
          stack = opened.stack;
          return opened.recovered.join("; ");
        },
      },
    ],
    interruption.came,
  );

  heading("pulumi preview");
  const planned = new LayerEvents();
  const color = process.stdout.isTTY ? "always" : "never";
  await stack.preview({ onOutput: print, onEvent: planned.onEvent, color }).catch(() => {
    throw new Error("pulumi preview failed; it says above why");
  });

  await runPhases(
    [
      {
        title: "Tools for building",
        run: async (report) => {
          const wanted = local ? serviceTools : serviceTools.filter((tool) => ["buildx", "regctl"].includes(tool.name));
          const installed = await installTools(wanted, report);
          if (local) await installRunc(report);
          return listed(installed);
        },
      },
      ...(local
        ? [
            { title: "Local services", run: async () => startServices(home) },
            { title: "Upstreams", run: async (report: (text: string) => void) => upstreams(report) },
          ]
        : []),
    ],
    interruption.came,
  );

  // The certificates of the services may have been made just now.
  Object.assign(stack.workspace.envVars, appliedEnvironment(environmentOf(home, localStack)));
  const lost = await imagesLost(stack, await stack.outputs());
  if (lost.length > 0) print(`\nThe registry no longer has ${lost.join(", ")}: built again.\n`);
  heading("pulumi up");
  const { layers: done } = await withPresentPackages(
    () => upWithProgress(stack, { refresh: lost.length > 0 }, planned.all),
    () => locks(stack),
    (text) => print(`\n${text}\n\n`),
  );
  const tour = await playTour(stack, home);
  tell(done, await stack.outputs(), tour);
}

function localConfig(): ConfigMap {
  return {
    "strata:registry": { value: `localhost:${registryPort(home)}` },
    "strata:builder": { value: localBuilder },
    "strata:standIns": { value: ".strata/stand-ins.yaml" },
  };
}

async function upstreams(report: (text: string) => void): Promise<string> {
  const standIns = Object.keys(await ensureStandIns("upstreams.yaml", `localhost:${registryPort(home)}`, home, report));
  if (standIns.length === 0) return "as pinned";
  return `warning: this machine cannot reach ${standIns.join(", ")}; a stand-in is used, and images on it must not leave it`;
}

/**
 * Layers that the state holds and the registry does not, as after `strata services reset`. What was pushed to another
 * registry, or to another port, is pushed anew in any case.
 */
async function imagesLost(stack: Stack, outputs: OutputMap): Promise<string[]> {
  const env = environmentOf(home, localStack);
  const { value: registry } = await stack.getConfig("strata:registry");
  const names = [];
  for (const [name, layer] of Object.entries(layersOf(outputs))) {
    interruption.came.throwIfAborted();
    if (!layer.ref.startsWith(`${registry}/`)) continue;
    if ((await imageSize(layer.ref, env)) === undefined) names.push(name);
  }
  return names;
}

/** A clone of months ago must still start: of most packages Debian's archive keeps the newest version alone. */
function locks(stack: Stack): LocksSource {
  const { envVars: env } = stack.workspace;
  return {
    catalog: catalogBesidesLocks(catalogSourceOf(localStack)),
    builder: String(configOf(localStack, "builder")),
    env,
    built: () => builtLayers(localStack, env),
    report: () => {},
  };
}

function tell(done: readonly LayerProgress[], outputs: OutputMap, tour: readonly string[]): void {
  const layers = layersOf(outputs);
  const rows = done.flatMap((layer) => {
    const output = layers[layer.name];
    if (!output) return [];
    const { sizeBytes, digest } = output;
    return [
      [
        layer.name,
        layer.seconds === undefined ? untouched(layer) : "built",
        layer.action === "new" ? "new" : reasonsText(layer.seconds === undefined ? [] : layer.reasons),
        layer.seconds === undefined ? "–" : seconds(layer.seconds),
        sizeBytes === undefined ? "–" : megabytes(sizeBytes),
        digest.slice(0, 19),
      ],
    ];
  });
  print(`\n${table(["layer", "what happened", "why", "time", "size", "digest"], rows)}\n`);
  for (const line of tour) print(`\n${line}\n`);
  print(`
Try next:
  eval "$(bin/strata env)"                       then pulumi works as you know it, and strata is on PATH
  echo hello >> images/app/etc/motd && pulumi preview --diff
  strata services stop                           ends BuildKit and the registry; npm start starts them again
`);
}

function layersOf(outputs: OutputMap): Record<string, LayerOutput> {
  return (outputs.layers?.value ?? {}) as Record<string, LayerOutput>;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "there already" : names.join(", ");
}

function heading(text: string): void {
  print(`\n── ${text}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}

interruption.came.addEventListener("abort", () => {
  print("\nStopping. What is done is kept; run npm start again to go on.\n");
});

main().catch((error: Error) => {
  if (!interruption.came.aborted) {
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  if (error instanceof UpFailed) process.stderr.write(`\n${error.kept}\n`);
  // At once: of a phase that is not waited for, such as the building of a tool, what it has started ends with this process.
  process.exit(130);
});
