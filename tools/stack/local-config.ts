import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { InputError } from "../../components/catalog/input-error";
import { root } from "../home";
import { localBuilder } from "../services/local-builder";

/**
 * Whether the stack `local` builds on this machine's own services: yes, unless Pulumi.local.yaml names a builder and a
 * registry that the user already has.
 *
 * @param file its configuration. @default Pulumi.local.yaml in the project
 * @throws InputError where it names only one of the two, since each must know the other
 */
export function usesLocalServices(file: string = join(root, "Pulumi.local.yaml")): boolean {
  const config = existsSync(file)
    ? ((parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> })
    : {};
  const builder = config.config?.["strata:builder"];
  const registry = config.config?.["strata:registry"];
  const ownBuilder = builder !== undefined && builder !== localBuilder;
  if ((builder === undefined) !== (registry === undefined)) {
    const missing = builder === undefined ? "strata:builder" : "strata:registry";
    throw new InputError(
      "Pulumi.local.yaml",
      `set ${missing} too: a builder of your own needs a registry that it can reach`,
    );
  }
  return !ownBuilder;
}
