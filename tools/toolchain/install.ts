import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { pulumiHome, root, toolsFolder } from "../home";
import { reachable } from "../upstreams/reachable";
import { unpackDebianPackage } from "./debian-package";
import { findOnPath } from "./find";
import { goInstall } from "./go-install";
import { isInstalled, stampFile, stampOf } from "./installed";
import { installPulumiCli } from "./pulumi-installer";
import { builtIn, folderOf, runc, scriptOf, type Tool } from "./tools";

/** Says what is happening, in a few words; called often. */
export type Report = (text: string) => void;

/**
 * Makes sure that each tool is there: one on PATH in a good version is used as it is; Pulumi's own release is installed
 * where it can be reached; the rest is built from checksummed Go modules into `.strata/bin`. What is there already is not
 * made again, and after an interruption it goes on where it was.
 *
 * @returns the names of the tools that were installed by this call
 * @throws Error with one line for a missing compiler, and with the compiler's message for a failed build
 */
export async function installTools(tools: readonly Tool[], report: Report): Promise<string[]> {
  const found = new Map<string, string | undefined>();
  const missing: Tool[] = [];
  for (const tool of tools) {
    const companion = tool.comesWith && found.get(tool.comesWith);
    found.set(tool.name, await findOnPath(tool, process.env.PATH, companion));
    if (!found.get(tool.name) && !isInstalled(tool)) missing.push(tool);
  }
  if (missing.length === 0) return [];

  mkdirSync(toolsFolder, { recursive: true });
  // What cannot be had from Pulumi, for whatever reason, is built.
  const released = await installPulumiRelease(missing, found.get("pulumi"), report).catch((): string[] => []);
  const toBuild = missing.filter((tool) => !released.includes(tool.name));
  for (const group of Map.groupBy(toBuild, (tool) => `${tool.module} ${builtIn(tool)}`).values()) {
    await goInstall(group, report);
    for (const tool of group) {
      if (tool.flags) writeScript(tool);
      markInstalled(tool);
    }
  }
  return missing.map((tool) => tool.name);
}

/**
 * Makes sure that runc is there: the machine's own, or else Debian's, unpacked beside the other tools.
 *
 * @throws Error where it is neither on PATH nor to be had from Debian
 */
export async function installRunc(report: Report): Promise<void> {
  const file = join(toolsFolder, runc.name);
  if (existsSync(file) || (await findOnPath(runc))) return;
  report("fetching runc from Debian");
  mkdirSync(toolsFolder, { recursive: true });
  const folder = await unpackDebianPackage("runc", join(root, ".strata")).catch((error: Error) => {
    throw new Error(`runc ${runc.version} or newer is not on PATH; install it (${error.message})`);
  });
  const unpacked = join(folder, "usr/sbin/runc");
  const works = await execa(unpacked, ["--version"], { reject: false, timeout: 10_000 });
  if (works.failed)
    throw new Error(`Debian's runc does not start on this machine; install runc (${works.shortMessage})`);
  link(unpacked, runc.name);
}

/** PATH with the installed tools first. */
export function pathWithTools(path: string = process.env.PATH ?? ""): string {
  const rest = path.split(delimiter).filter((folder) => folder !== toolsFolder);
  return [toolsFolder, ...rest].join(delimiter);
}

/**
 * Pulumi's own installer brings the CLI with its language host, and the CLI brings the provider. Whether it can be
 * reached is decided in seconds; where it cannot, everything is built.
 *
 * @param present the CLI on PATH, where it is a good one
 * @returns the names of the tools that are there now
 */
async function installPulumiRelease(
  missing: readonly Tool[],
  present: string | undefined,
  report: Report,
): Promise<string[]> {
  const cli = missing.find((tool) => tool.name === "pulumi");
  const provider = missing.find((tool) => tool.plugin);
  if (!(cli || provider) || !(await reachable("https://get.pulumi.com/"))) return [];

  const names: string[] = [];
  let command = present ?? join(toolsFolder, "pulumi");
  if (cli) {
    report(`downloading Pulumi ${cli.version}`);
    command = await installPulumiCli(cli, join(root, ".strata/pulumi-cli"));
    names.push("pulumi", "pulumi-language-nodejs");
    for (const name of names) link(join(dirname(command), name), name);
  }
  if (provider) {
    report(`downloading the docker-build provider ${provider.version}`);
    await execa(command, ["plugin", "install", "resource", "docker-build", `v${provider.version}`], {
      env: { PULUMI_HOME: pulumiHome },
      timeout: 5 * 60_000,
    });
    names.push(provider.name);
  }
  for (const tool of missing) if (names.includes(tool.name)) markInstalled(tool);
  return names;
}

function writeScript(tool: Tool): void {
  const file = join(folderOf(tool), tool.name);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, scriptOf(tool), { mode: 0o755 });
  renameSync(draft, file);
}

function link(target: string, name: string): void {
  const draft = join(toolsFolder, `${name}.${process.pid}`);
  symlinkSync(target, draft);
  renameSync(draft, join(toolsFolder, name));
}

function markInstalled(tool: Tool): void {
  const stamp = stampFile(tool);
  const draft = `${stamp}.${process.pid}`;
  writeFileSync(draft, stampOf(tool));
  renameSync(draft, stamp);
}
