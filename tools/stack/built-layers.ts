import { nameIn } from "../../components/urn";
import { root } from "../home";
import type { Environment } from "./environment";
import { askPulumi } from "./pulumi";

interface StackState {
  readonly deployment: {
    readonly resources?: readonly {
      readonly urn: string;
      readonly type: string;
      readonly outputs?: Readonly<Record<string, unknown>>;
    }[];
  };
}

/**
 * For each layer where it was last built: `repository@sha256:…`. From the stack's state, since its output `layers` is not written
 * by an update that fails, and that is when a layer beneath may be newer than what stands on it.
 *
 * @param folder the project's. @default this project
 * @throws Error where the state cannot be read
 */
export async function builtLayers(stack: string, env: Environment, folder = root): Promise<Map<string, string>> {
  const { deployment } = JSON.parse(
    await askPulumi(["stack", "export", "--stack", stack], { env, folder }),
  ) as StackState;
  return new Map(
    (deployment.resources ?? []).flatMap(({ urn, type, outputs }) =>
      type === "strata:image:Layer" && typeof outputs?.ref === "string" ? [[nameIn(urn), outputs.ref] as const] : [],
    ),
  );
}
