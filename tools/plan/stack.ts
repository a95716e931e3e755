import { isDeepStrictEqual } from "node:util";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { buildsAtOnce } from "../../components/builds-at-once";
import type { Catalog } from "../../components/catalog/catalog";
import { type Action, actionFor } from "../../components/catalog/diff";
import { type Efforts, expectedOf, isBuilt, type Plan } from "../../components/catalog/plan";
import { nameIn } from "../../components/urn";
import { root } from "../home";
import { catalogOf, configOf } from "../stack/config-files";
import type { Environment } from "../stack/environment";
import { LayerEvents, type LayerProgress } from "../stack/layer-events";
import { type Previewed, preview } from "./preview";
import { type CopyChange, copyChange, recordsOnly, type TagChange, tagChanges } from "./release-events";
import type { PromotedLayer, Promotions } from "./release-print";

/** What an update of a stack will do, and all that a preview said of it. */
export interface StackPlan extends Plan {
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The layers whose tests run. */
  readonly tests: readonly string[];
  /** What becomes of the tags that people pull. */
  readonly tags: readonly TagChange[];
  /** What is taken over from another stack; undefined for a stack that builds, which has no layers then. */
  readonly promotions: Promotions | undefined;
  /** Changes of what is no part of the family, in Pulumi's words. @example ["create github:index:Secret token"] */
  readonly others: readonly string[];
  /** What Pulumi warns of. */
  readonly warnings: readonly string[];
}

/**
 * Plans an update of a stack by a preview. Builds nothing, pushes nothing, and needs no builder; registries are asked only about
 * release tags and copies that change.
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
  const from = String(configOf(stack, "promoteFrom", folder) ?? "");
  const read = attempt(() => (from === "" ? catalogOf(stack, folder) : []));
  const reuses = String(configOf(stack, "reuseFrom", folder) ?? "") !== "";
  const [{ events, warnings }, there] = await Promise.all([
    running,
    reuses ? reusing().reusedLayers(stack, env, folder) : undefined,
  ]);
  const catalog = read();
  const layers = new LayerEvents();
  const rest = new OtherEvents();
  for (const event of events) {
    layers.onEvent(event);
    rest.onEvent(event);
  }
  const planned = plannedLayers(catalog, layers.all, rest.recorded);
  const plan: StackPlan = {
    stack,
    layers: there ? await reusing().comparedWith(planned, there, reusing().imagesOf(stack, folder)) : planned,
    parallel: buildsAtOnce(Number(configOf(stack, "parallel", folder))),
    tests: catalog.map(({ name }) => name).filter((name) => rest.tests.has(name)),
    tags: rest.tags,
    promotions: from === "" ? undefined : { from, layers: await withCommits(rest.copies, from, stack, folder) },
    others: rest.others,
    warnings,
  };
  // Any other change writes it as well.
  return rest.behind && !changesAnything(plan) ? { ...plan, others: [behind] } : plan;
}

/** Pulumi counts no change of an output, and an update that fails writes none. */
const behind = "update the output layers, which is behind, as after an update that failed";

/** Loaded for the stacks that need it, since it loads all that git's objects are read with. */
function reusing() {
  return require("./reused") as typeof import("./reused");
}

/** The commits between what a stack has of each layer and what it will have, as far as this clone has them. */
async function withCommits(
  copies: readonly CopyChange[],
  from: string,
  stack: string,
  folder: string,
): Promise<PromotedLayer[]> {
  const config = ["upstreams", "images"].map((key) => String(configOf(stack, key, folder) ?? key));
  const paths = [...config, "Pulumi.yaml", `Pulumi.${from}.yaml`];
  const { commitsBetween } = require("./commits-between") as typeof import("./commits-between");
  return Promise.all(
    copies.map(async (copy) => {
      const { commits } = copy;
      if (copy.action === "unchanged") return { ...copy, between: [] };
      const known = commits.from !== null && commits.to !== null;
      return {
        ...copy,
        between: known ? await commitsBetween(commits.from as string, commits.to as string, folder, paths) : undefined,
      };
    }),
  );
}

/** @param recorded of what the layers' builds took, by name */
export function plannedLayers(
  catalog: Catalog,
  progress: readonly LayerProgress[],
  recorded: ReadonlyMap<string, Efforts>,
): Plan["layers"] {
  const found = new Map(progress.map((layer) => [layer.name, layer]));
  const known = new Set(catalog.map(({ name }) => name));
  const gone = progress
    .filter(({ name, action }) => action === "removed" && !known.has(name))
    .map(({ name }) => ({ name, layers: [], runsInside: [] }));
  const others = [...recorded.values()];
  return [...catalog, ...gone].map(({ name, layers: needs, runsInside }) => {
    const { action: told = "unchanged" as const, reasons = [] } = found.get(name) ?? {};
    // A layer of the family that the stack forgets is one that it uses from another stack from now on.
    const kept = told === "removed" && known.has(name) ? "unchanged" : told;
    const action: Action = kept === "changed" ? actionFor(reasons, runsInside) : kept;
    const { seconds, bytes } = expectedOf(action, recorded.get(name) ?? {}, others);
    return { name, action, reasons, seconds, bytes, needs };
  });
}

/** Whether an update changes anything. */
export function changesAnything({ layers, tests, tags, promotions, others }: StackPlan): boolean {
  return (
    layers.some((layer) => isBuilt(layer) || layer.action === "removed") ||
    [tests, tags, others].some((changes) => changes.length > 0) ||
    (promotions?.layers ?? []).some(({ action }) => action !== "unchanged")
  );
}

/** The types of the resources that a family is made of. */
const ofFamily = /^(?:strata:|docker-build:index:Image$|pulumi:)/;

/** What an engine's events tell beside what is done to the layers. */
class OtherEvents {
  readonly recorded = new Map<string, Efforts>();
  readonly tests = new Set<string>();
  readonly tags: TagChange[] = [];
  readonly copies: CopyChange[] = [];
  readonly others: string[] = [];
  /** Whether the stack's output `layers` is another one than an update would write, as far as the preview knows that one. */
  behind = false;
  /** The stack's output `layers`, of which the engine tells before any layer. */
  private told: Readonly<Record<string, Efforts>> = {};

  onEvent(engineEvent: EngineEvent): void {
    const { resourcePreEvent: event, resOutputsEvent: ended } = engineEvent;
    if (ended?.metadata.type === "pulumi:pulumi:Stack") {
      const [has, would] = [ended.metadata.old, ended.metadata.new].map((state) => state?.outputs?.layers);
      this.behind = typeof would === "object" && !isDeepStrictEqual(has ?? {}, would);
    }
    if (!event) return;
    this.tags.push(...tagChanges(engineEvent));
    const copy = copyChange(engineEvent);
    if (copy) this.copies.push(copy);
    const { type, urn, op, old } = event.metadata as StepEventMetadata;
    const name = nameIn(urn);
    if (type === "pulumi:pulumi:Stack") this.told = old?.outputs?.layers ?? {};
    // Of a build that failed Pulumi has kept no outputs.
    if (type === "strata:image:Layer") this.recorded.set(name, old?.outputs?.record ?? this.told[name] ?? {});
    if (op === "same" || op === "refresh" || op === "read") return;
    // The image that is built for a layer's tests is what runs them: also where other tests are asked for, and the component stays.
    if (type === "docker-build:index:Image" && name.endsWith("/tests") && op !== "delete") {
      this.tests.add(name.replace(/\/tests$/, ""));
    }
    if (!ofFamily.test(type) || recordsOnly(engineEvent)) this.others.push(`${op} ${type} ${name}`);
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
