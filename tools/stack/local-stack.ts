import { type ConfigMap, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { localStack } from "../../components/local-stack";
import { type Home, root } from "../home";
import { appliedEnvironment, environmentOf, prepareLocalState } from "./environment";
import type { Interruption } from "./interruption";
import { endingPulumi } from "./pulumi-command";
import { mendState, recoverStack, recoveryLines } from "./recover";

/**
 * The stack `local`, made where it is not there yet. Its state, passphrase and PULUMI_HOME lie in the home; its
 * configuration is Pulumi.local.yaml, which git ignores.
 *
 * @param config what differs from what is set is set
 * @returns the stack, and a line for each thing that a killed run had left and that was mended
 * @throws RecoveryRefused where a run is under way on it; Interrupted where somebody ended it
 */
export async function localStackIn(
  home: Home,
  config: ConfigMap,
  interruption: Interruption,
): Promise<{ stack: Stack; recovered: readonly string[] }> {
  prepareLocalState(home);
  const envVars = appliedEnvironment(environmentOf(home, localStack));
  Object.assign(process.env, { PATH: envVars.PATH });
  const mended = mendState(home.state, { folder: root, stack: localStack, yes: false });
  const pulumiCommand = await endingPulumi(interruption);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: localStack, workDir: root },
    { envVars, pulumiCommand },
  );
  const recovery = await recoverStack({ folder: root, stack: localStack, env: envVars, yes: false });
  const present = await stack.getAllConfig();
  const changed = Object.entries(config).filter(([key, { value }]) => present[key]?.value !== value);
  if (changed.length > 0) await stack.setAllConfig(Object.fromEntries(changed));
  return { stack, recovered: recoveryLines({ ...recovery, ...mended }) };
}
