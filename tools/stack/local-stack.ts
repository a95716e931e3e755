import { globSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type ConfigMap, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { localStack } from "../../components/settings";
import { type Home, root } from "../home";
import { isRunning } from "../services/daemon";
import { appliedEnvironment, environmentOf, prepareLocalState } from "./environment";

/**
 * The stack `local`, made where it is not there yet. Its state, passphrase and PULUMI_HOME lie in the home; its
 * configuration is Pulumi.local.yaml, which git ignores.
 *
 * @param config what differs from what is set is set
 */
export async function localStackIn(home: Home, config: ConfigMap): Promise<Stack> {
  prepareLocalState(home);
  const envVars = appliedEnvironment(environmentOf(home, localStack));
  Object.assign(process.env, { PATH: envVars.PATH });
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: localStack, workDir: root }, { envVars });
  if (leftLock(home)) await stack.cancel();
  const present = await stack.getAllConfig();
  const changed = Object.entries(config).filter(([key, { value }]) => present[key]?.value !== value);
  if (changed.length > 0) await stack.setAllConfig(Object.fromEntries(changed));
  return stack;
}

/** Whether a run that was killed on this machine has left its lock: one that ends in order takes it away. */
function leftLock(home: Home): boolean {
  return globSync(join(home.state, ".pulumi/locks/**/*.json")).some((file) => {
    const { pid, hostname: host } = JSON.parse(readFileSync(file, "utf8")) as { pid: number; hostname: string };
    return host === hostname() && !isRunning(pid);
  });
}
