import { join } from "node:path";
import { execa } from "execa";
import { findOnPath } from "./find";
import type { Tool } from "./tools";

/**
 * Pulumi's own installer, which brings the CLI with its language hosts. It gives its downloads no limit: one that stalls would keep all
 * that waits for it for ever.
 *
 * @param folder gets `bin/pulumi`, where that is not there yet in a good version
 * @param limit in milliseconds. @default 10 minutes
 * @returns the CLI
 * @throws Error where the installer cannot be had, fails or takes too long, and where what it brings does not start
 */
export async function installPulumiCli(
  cli: Tool,
  folder: string,
  { url = "https://get.pulumi.com/install.sh", limit = 10 * 60_000 } = {},
): Promise<string> {
  const find = () => findOnPath(cli, join(folder, "bin"));
  const present = await find();
  if (present) return present;
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const args = ["--no-edit-path", "--install-root", folder, "--version", cli.version];
  // What stalls is a program that the script has started.
  const ending = { timeout: limit, killDescendants: true };
  await execa("/bin/sh", ["-s", "--", ...args], { input: await answer.text(), ...ending });
  const installed = await find();
  if (!installed) throw new Error(`Pulumi's installer brought no Pulumi ${cli.version} that starts here`);
  return installed;
}
