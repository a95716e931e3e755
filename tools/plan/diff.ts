import { execa } from "execa";
import { root } from "../home";
import type { Environment } from "../stack/environment";

/** In milliseconds. */
const timeLimit = 10 * 60_000;

/** Pulumi's own preview, as it is. */
export async function showDiff(stack: string, env: Environment): Promise<void> {
  const args = ["preview", "--stack", stack, "--diff"];
  const options = { cwd: root, env, stdio: "inherit", reject: false, timeout: timeLimit } as const;
  const { exitCode = 1 } = await execa("pulumi", args, options);
  process.exitCode = exitCode;
}
