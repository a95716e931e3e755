import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { localStack } from "../../components/local-stack";
import { type Home, pulumiHome, root, toolsFolder } from "../home";
import { certificatesOf, givenAuthorities, givenAuthoritiesVariable } from "../services/certificates";
import { folderOf, planTools } from "../toolchain/tools";
import { usesLocalServices } from "./local-config";

/** A variable that is undefined is to be unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that a plain `pulumi` needs for a stack.
 *
 * For every stack: the tools and the project's Node.js on PATH. For `local` also a state, a passphrase and a PULUMI_HOME
 * under `.strata`, and, where the local services are in use, the Docker configuration that knows them. For other stacks
 * the user's own count, so what an earlier call set for `local` is taken back.
 */
export function environmentOf(home: Home, stack: string): Environment {
  if (stack === localStack) return localEnvironment(home, usesLocalServices());
  const ours = Object.entries(localEnvironment(home, true)).filter(
    ([name, value]) => value !== undefined && process.env[name] === value,
  );
  const unset = Object.fromEntries(ours.map(([name]) => [name, undefined]));
  const authorities = "SSL_CERT_FILE" in unset ? { SSL_CERT_FILE: givenAuthorities(home) } : {};
  // Pulumi fetches its provider itself; on PATH it is found also where that cannot be reached.
  const plugins = planTools.filter((tool) => tool.plugin).map(folderOf);
  return { ...unset, ...authorities, ...toolEnvironment(plugins) };
}

function toolEnvironment(folders: readonly string[] = []): Record<string, string> {
  return {
    PATH: pathWith([join(root, "bin"), join(root, "node_modules/node/bin"), toolsFolder, ...folders]),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // One broken layer does not keep those beside it from being built.
    PULUMI_CONTINUE_ON_ERROR: "true",
    // Where an image's inputs are those of before, the provider is not asked whether it changed: they tell of all that it is made of.
    PULUMI_ENABLE_LEGACY_DIFF: "true",
  };
}

/** @param localServices whether builder and registry are this machine's own services */
export function localEnvironment(home: Home, localServices: boolean): Environment {
  const { bundle } = certificatesOf(home);
  return {
    ...toolEnvironment(),
    PULUMI_STACK: localStack,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${home.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: home.passphraseFile,
    // It would win over the file.
    PULUMI_CONFIG_PASSPHRASE: undefined,
    // The plugins are in PULUMI_HOME; looking for others costs seconds, and fails without the internet.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(localServices ? { DOCKER_CONFIG: home.docker } : {}),
    // Before the services were started there is no bundle, and a shell that names one trusts nobody.
    ...(localServices && existsSync(bundle)
      ? { SSL_CERT_FILE: bundle, [givenAuthoritiesVariable]: givenAuthorities(home) }
      : {}),
  };
}

/** The variables for an interface that cannot unset: what is to be unset is taken out of this process instead. */
export function appliedEnvironment(environment: Environment): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else set[name] = value;
  }
  return set;
}

/** Makes the folders and the passphrase of the stack `local`, unless they are there. */
export function prepareLocalState(home: Home): void {
  for (const folder of [home.state, pulumiHome, home.logs]) mkdirSync(folder, { recursive: true });
  withoutLogs(join(pulumiHome, "logs"));
  if (existsSync(home.passphraseFile)) return;
  writeFileSync(home.passphraseFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  chmodSync(home.passphraseFile, 0o600);
}

/** Pulumi logs all that it does with each resource into this folder, and goes without where a file takes its place. */
function withoutLogs(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isFile()) return;
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(folder, "A file, so that Pulumi writes no logs: docs/decisions/0014-lean-sdk.md\n");
}

/** Lines for `eval`: `export NAME='value'` and `unset NAME`. */
export function shellLines(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) =>
      value === undefined ? `unset ${name}\n` : `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
    )
    .join("");
}

function pathWith(folders: readonly string[]): string {
  const rest = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folders.includes(folder));
  return [...folders, ...rest].join(delimiter);
}
