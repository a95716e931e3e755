import { resolve } from "node:path";
import type { Action } from "../../components/catalog/diff";
import { type Efforts, expectedOf, type PlannedLayer } from "../../components/catalog/plan";
import { configOf } from "../stack/config-files";
import type { Environment } from "../stack/environment";
import { askPulumi } from "../stack/pulumi";
import { planSince, type SincePlan } from "./since";

/** What is read of another stack's layers. */
interface Known extends Efforts {
  readonly commit?: string;
}

/**
 * The layers of another stack that a stack uses, where it does.
 *
 * @returns undefined for a stack that uses none, and where they cannot be read, of which the preview tells
 */
export async function reusedLayers(
  stack: string,
  env: Environment,
  folder: string,
): Promise<Readonly<Record<string, Known>> | undefined> {
  const from = String(configOf(stack, "reuseFrom", folder) ?? "");
  if (from === "") return undefined;
  const backend = String(configOf(stack, "fromBackend", folder) ?? "");
  const variables = { ...env, ...(backend === "" ? {} : { PULUMI_BACKEND_URL: backend }) };
  const asked = askPulumi(["stack", "output", "--json", "--stack", from], { env: variables, folder });
  const told = await asked.catch(() => undefined);
  return told === undefined ? undefined : (JSON.parse(told) as { layers?: Record<string, Known> }).layers;
}

/**
 * What is new to a stack that uses another one's images is mostly a change of what is there. So its layers are compared with what was
 * checked out when the other stack built them, as `strata plan --since` does.
 *
 * @param there the other stack's layers
 * @param images the folder of the images
 */
export async function comparedWith(
  layers: readonly PlannedLayer[],
  there: Readonly<Record<string, Known>>,
  images: string,
): Promise<PlannedLayer[]> {
  const plans = new Map<string, Promise<SincePlan | undefined>>();
  const planned = (commit: string) => {
    const known = plans.get(commit) ?? planSince(images, commit).catch(() => undefined);
    plans.set(commit, known);
    return known;
  };
  const recorded = Object.values(there);
  return Promise.all(
    layers.map(async (layer): Promise<PlannedLayer> => {
      const other = there[layer.name];
      if (layer.action !== "new" || !other) return layer;
      const commit = other.commit?.replace(/-dirty$/, "");
      const change = (commit === undefined ? undefined : await planned(commit))?.layers.find(
        ({ name }) => name === layer.name,
      );
      const told = change === undefined || change.action === "unchanged" || change.action === "removed";
      const action: Action = told ? "build" : change.action;
      const reasons = told ? ["differs from there"] : change.reasons;
      return { ...layer, action, reasons, ...expectedOf(action, other, recorded) };
    }),
  );
}

/** The images folder of a stack. */
export function imagesOf(stack: string, folder: string): string {
  return resolve(folder, String(configOf(stack, "images", folder) ?? "images"));
}
