import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import type { Catalog } from "../../components/catalog/catalog";
import { type Action, actionFor } from "../../components/catalog/diff";
import { type Efforts, expectedOf, isBuilt, type Plan } from "../../components/catalog/plan";
import { root } from "../home";
import { catalogOf, configOf } from "../stack/config-files";
import type { Environment } from "../stack/environment";
import { LayerEvents, type LayerProgress } from "../stack/layer-events";
import { type Previewed, preview } from "./preview";

/** What an update of a stack will do, and all that a preview said of it. */
export interface StackPlan extends Plan {
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The layers whose tests run. */
  readonly tests: readonly string[];
  /** Changes of what is no part of the family, in Pulumi's words. @example ["create github:index:Secret token"] */
  readonly others: readonly string[];
  /** What Pulumi warns of. */
  readonly warnings: readonly string[];
}

/**
 * Plans an update of a stack by a preview. Builds nothing, pushes nothing, and needs neither builder nor registry.
 *
 * @param env what `environmentOf` gives for the stack
 * @param folder the project's. @default this project
 * @param running the preview, where it was begun already
 * @throws InputError for a stack without a file, and as `readCatalog` does
 * @throws Interrupted, or Error with what Pulumi says is wrong
 */
export async function planStack(
  stack: string,
  env: Environment,
  folder = root,
  running: Promise<Previewed> = preview(stack, env, folder),
): Promise<StackPlan> {
  // While the engine starts. What is wrong with the family is told by the preview, with all else that is wrong.
  const read = attempt(() => catalogOf(stack, folder));
  const { events, warnings } = await running;
  const catalog = read();
  const layers = new LayerEvents();
  const rest = new OtherEvents();
  for (const event of events) {
    layers.onEvent(event);
    rest.onEvent(event);
  }
  return {
    stack,
    layers: plannedLayers(catalog, layers.all, rest.recorded),
    parallel: Number(configOf(stack, "parallel", folder)),
    tests: catalog.map(({ name }) => name).filter((name) => rest.tests.has(name)),
    others: rest.others,
    warnings,
  };
}

/** @param recorded of what the layers' builds took, by name */
export function plannedLayers(
  catalog: Catalog,
  progress: readonly LayerProgress[],
  recorded: ReadonlyMap<string, Efforts>,
): Plan["layers"] {
  const found = new Map(progress.map((layer) => [layer.name, layer]));
  const gone = progress
    .filter(({ action }) => action === "removed")
    .map(({ name }) => ({ name, layers: [], runsInside: [] }));
  const others = [...recorded.values()];
  return [...catalog, ...gone].map(({ name, layers: needs, runsInside }) => {
    const { action: told = "unchanged" as const, reasons = [] } = found.get(name) ?? {};
    const action: Action = told === "changed" ? actionFor(reasons, runsInside) : told;
    const { seconds, bytes } = expectedOf(action, recorded.get(name) ?? {}, others);
    return { name, action, reasons, seconds, bytes, needs };
  });
}

/** Whether an update changes anything. */
export function changesAnything({ layers, tests, others }: Pick<StackPlan, "layers" | "tests" | "others">): boolean {
  return layers.some((layer) => isBuilt(layer) || layer.action === "removed") || tests.length > 0 || others.length > 0;
}

/** The types of the resources that a family is made of. */
const ofFamily = /^(?:strata:image:|docker-build:index:Image$|pulumi:)/;

/** What an engine's events tell beside what is done to the layers. */
class OtherEvents {
  readonly recorded = new Map<string, Efforts>();
  readonly tests = new Set<string>();
  readonly others: string[] = [];

  onEvent({ resourcePreEvent: event }: EngineEvent): void {
    if (!event) return;
    const { type, urn, op, old } = event.metadata as StepEventMetadata;
    const name = urn.slice(urn.lastIndexOf("::") + 2);
    if (type === "strata:image:Layer") this.recorded.set(name, old?.outputs?.record ?? {});
    if (op === "same" || op === "refresh" || op === "read") return;
    // The image that is built for a layer's tests is what runs them: also where other tests are asked for, and the component stays.
    if (type === "docker-build:index:Image" && name.endsWith("/tests") && op !== "delete") {
      this.tests.add(name.replace(/\/tests$/, ""));
    }
    if (!ofFamily.test(type)) this.others.push(`${op} ${type} ${name}`);
  }
}

/** Does it now, and throws what it threw only where its result is needed. */
function attempt<T>(action: () => T): () => T {
  try {
    const result = action();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
