import { createInterface } from "node:readline/promises";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import type { Command } from "commander";
import { type Request, requestVariables } from "../../components/release/request";
import type { LastUpdate } from "../../components/update";
import { homeAt, root } from "../home";
import { changesAnything, planStack, type StackPlan } from "../plan/stack";
import { stackPlanText } from "../plan/stack-print";
import { installTools } from "../toolchain/install";
import { planTools, serviceTools } from "../toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "../verb";
import { appliedEnvironment, type Environment, environmentOf } from "./environment";
import { type Interruption, interruptible } from "./interruption";
import type { LayerProgress, PredictedLayer } from "./layer-events";
import { endingPulumi } from "./pulumi-command";
import { UpFailed, upWithProgress } from "./up";

export interface UpOptions {
  readonly stack: string;
  readonly yes?: true;
  readonly json?: true;
  /** Of a stack that promotes, what alone may change. @default all */
  readonly request?: Request | undefined;
}

/** `strata up`: the plan, and then `pulumi up` told by layer. */
export function addUp(program: Command): void {
  program
    .command("up")
    .description("show the plan, ask, and build it: pulumi up, told by layer and step")
    .option("--yes", "do not ask")
    .option(...stackOption)
    .option(...jsonOption)
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  await planAndUp(options);
}

/**
 * Shows the plan of a stack, asks, and does it. Sets the exit code: 1 where somebody refused, 130 upon Ctrl-C.
 *
 * @param begun listened for already by the caller. @default it begins when the plan is there: until then each part ends by itself
 * @returns how it ended: where somebody refused, nothing was changed; where it was interrupted, a part
 * @throws UpFailed, and as `planStack` does; Interrupted where nothing was changed
 */
export async function planAndUp(options: UpOptions, begun?: Interruption): Promise<"done" | "refused" | "interrupted"> {
  const env = { ...(await upEnvironment(options.stack)), ...requestVariables(options.request) };
  begun?.came.throwIfAborted();
  const plan = await planStack(options.stack, env).finally(() => begun?.came.throwIfAborted());
  const screen = options.json ? process.stderr : process.stdout;
  screen.write(`${stackPlanText(plan)}\n`);
  for (const warning of plan.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (!changesAnything(plan)) {
    tell(options, [], null);
    return "done";
  }
  const interruption = begun ?? interruptible();
  if (!options.yes && !(await agreed(plan, interruption))) {
    process.stderr.write("Nothing was changed.\n");
    process.exitCode = 1;
    return "refused";
  }
  screen.write("\n");
  interruption.came.addEventListener("abort", () => process.stderr.write("\nStopping. What is done is kept.\n"));
  const opened = { envVars: appliedEnvironment(env), pulumiCommand: await endingPulumi(interruption) };
  const stack = await LocalWorkspace.selectStack({ stackName: options.stack, workDir: root }, opened);
  try {
    const { layers, lastUpdate } = await upWithProgress(stack, {}, predictedBy(plan), screen);
    tell(options, layers, lastUpdate);
  } catch (error) {
    if (!(error instanceof UpFailed)) throw error;
    tell(options, error.layers, null);
    if (!interruption.came.aborted) throw error;
    process.stderr.write(`${error.kept}\n`);
    process.exitCode = 130;
    return "interrupted";
  }
  return "done";
}

/** Installs what an update needs, and gives its variables. */
export async function upEnvironment(stack: string): Promise<Environment> {
  const builders = serviceTools.filter(({ name }) => name === "buildx" || name === "regctl");
  await installTools([...planTools, ...builders], toStderr);
  const env = environmentOf(homeAt(), stack);
  // The Automation API looks for pulumi on this process's own PATH.
  if (env.PATH !== undefined) process.env.PATH = env.PATH;
  return env;
}

function tell(options: UpOptions, layers: readonly LayerProgress[], lastUpdate: LastUpdate | null): void {
  if (!options.json) return;
  print(options, { version: 1, stack: options.stack, layers: layers.map(toldOf), lastUpdate }, "");
}

/** Of a layer what docs/guide/plan.md promises to programs. What its builder was doing is for those who watch. */
function toldOf({ name, action, reasons, seconds, cutOff, failed, tests }: LayerProgress) {
  return { name, action, reasons, seconds, cutOff, failed, tests };
}

/** @throws Interrupted */
async function agreed({ stack, promotions }: StackPlan, { came }: Interruption): Promise<boolean> {
  const what = promotions ? "Do" : "Build";
  if (!process.stdin.isTTY)
    throw new Error(`nobody can be asked here whether to ${what.toLowerCase()} this; give --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it asks, the terminal tells it of Ctrl-C, and nobody else.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await terminal.question(`${what} this on the stack ${stack}? (yes/no) `, { signal: came });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    came.throwIfAborted();
    if ((error as Error).name !== "AbortError") throw error;
    // Ctrl-D, the end of all answers.
    process.stderr.write("\n");
    return false;
  } finally {
    terminal.close();
  }
}

function predictedBy({ layers }: StackPlan): PredictedLayer[] {
  return layers.map(({ name, action, reasons }) => {
    return { name, action: action === "build" || action === "rebase" ? "changed" : action, reasons };
  });
}
