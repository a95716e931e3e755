import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localStack } from "../../components/settings";
import { type Home, pulumiHome, root } from "../home";
import { certificatesOf } from "../services/certificates";
import { pathWithTools } from "../toolchain/install";
import { usesLocalServices } from "./local-config";

/**
 * The variables that a plain `pulumi` needs for a stack.
 *
 * For every stack: the tools and the project's Node.js on PATH. For `local` also a state, a passphrase and a PULUMI_HOME
 * under `.strata`, and, where the local services are in use, the Docker configuration that knows them. The user's own are
 * neither read nor changed by that stack; for other stacks they are what counts.
 */
export function environmentOf(home: Home, stack: string): Record<string, string> {
  if (stack !== localStack) return toolEnvironment();
  return localEnvironment(home, usesLocalServices());
}

function toolEnvironment(): Record<string, string> {
  return { PATH: pathWithNode(pathWithTools()), PULUMI_SKIP_UPDATE_CHECK: "true" };
}

/** @param localServices whether builder and registry are this machine's own services */
export function localEnvironment(home: Home, localServices: boolean): Record<string, string> {
  return {
    ...toolEnvironment(),
    PULUMI_STACK: localStack,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${home.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: home.passphraseFile,
    // The plugins are in PULUMI_HOME; looking for others costs seconds, and fails without the internet.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(localServices ? { DOCKER_CONFIG: home.docker, SSL_CERT_FILE: certificatesOf(home).bundle } : {}),
  };
}

/** Makes the folders and the passphrase of the stack `local`, unless they are there. */
export function prepareLocalState(home: Home): void {
  for (const folder of [home.state, pulumiHome, home.logs]) mkdirSync(folder, { recursive: true });
  if (existsSync(home.passphraseFile)) return;
  writeFileSync(home.passphraseFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  chmodSync(home.passphraseFile, 0o600);
}

/** Lines for `eval`: `export NAME='value'`. */
export function shellLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("");
}

/** The project's Node.js comes from npm, and is new enough for Pulumi's SDK where the machine's own is not. */
function pathWithNode(path: string): string {
  const folders = [join(root, "bin"), join(root, "node_modules/node/bin")];
  return [...folders, ...path.split(":").filter((folder) => !folders.includes(folder))].join(":");
}
