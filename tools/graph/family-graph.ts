import { z } from "zod";
import type { Catalog } from "../../components/catalog/catalog";
import type { Action } from "../../components/catalog/diff";
import { InputError } from "../../components/catalog/input-error";
import type { Plan } from "../../components/catalog/plan";
import { parentReason } from "../../components/catalog/reasons";

/** A layer as it is drawn. What is left out or null is not known, and not shown. */
export interface GraphLayer {
  readonly name: string;
  /** Undefined where the family is drawn without a plan. */
  readonly action?: Action | undefined;
  /** In the words of `LayerChange`. */
  readonly reasons?: readonly string[] | undefined;
  readonly seconds?: number | null | undefined;
  readonly bytes?: number | null | undefined;
  /** The layers that it stands on or takes files from, directly. */
  readonly needs?: readonly string[] | undefined;
  /** The names of the upstreams that it does. */
  readonly upstreams?: readonly string[] | undefined;
  /** What the image is for, in a sentence. */
  readonly description?: string | undefined;
}

/** A family to be drawn. */
export interface FamilyGraph {
  /** @example "Images of stack dev" */
  readonly title: string;
  /** In the order of building. */
  readonly layers: readonly GraphLayer[];
}

/** One arrow: `to` is built on `from`. */
export interface Edge {
  /** Ids, of a layer or an upstream. */
  readonly from: string;
  readonly to: string;
  /** Whether a change comes along it, by what `to` gives as its reasons. */
  readonly moves: boolean;
}

/** The family without a plan. */
export function graphOfCatalog(stack: string, catalog: Catalog): FamilyGraph {
  const layers = catalog.map(({ name, description, layers: needs, upstreams }) => ({
    ...{ name, description, needs },
    upstreams: upstreams.map((upstream) => upstream.name),
  }));
  return { title: titleOf(stack), layers };
}

/** @param catalog the family that the plan is of: it has the upstreams, and what the images are for */
export function graphOfPlan(plan: Plan, catalog: Catalog): FamilyGraph {
  const known = new Map(graphOfCatalog("", catalog).layers.map((layer) => [layer.name, layer]));
  return { title: titleOf(plan.stack), layers: plan.layers.map((layer) => ({ ...known.get(layer.name), ...layer })) };
}

function titleOf(stack: string): string {
  return `Images of stack ${stack}`;
}

const names = z.array(z.string());
const planSchema = z.object({
  version: z.literal(1, "expected 1, what strata plan --json of this version prints"),
  stack: z.string().optional(),
  since: z.string().optional(),
  layers: z.array(
    z.object({
      name: z.string().min(1, "expected the name of a layer"),
      action: z.enum(["new", "removed", "build", "rebase", "unchanged"]),
      reasons: names,
      seconds: z.number().nonnegative().nullish(),
      bytes: z.number().nonnegative().nullish(),
      needs: names.optional(),
      upstreams: names.optional(),
      description: z.string().optional(),
    }),
  ),
});

/**
 * Reads what `strata plan --json` printed.
 *
 * @param place how errors name the text. @example "plan.json"
 * @throws InputError for an empty text, for what is no JSON and no plan, and for a layer that is there twice or not at all
 */
export function readPlan(place: string, text: string): FamilyGraph {
  if (text.trim() === "") throw new InputError(place, "is empty; expected what strata plan --json prints");
  const parsed = planSchema.safeParse(parse(place, text));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
    const key = path.length > 0 ? `${path.join(".")}: ` : "";
    throw new InputError(place, `is no plan of strata plan --json: ${key}${message}`);
  }
  const { stack, since, layers } = parsed.data;
  const known = new Set(layers.map(({ name }) => name));
  const twice = layers.find(({ name }, index) => layers.findIndex((other) => other.name === name) < index);
  if (twice) throw new InputError(place, `has a layer twice: ${twice.name}`);
  for (const { name, needs = [] } of layers) {
    const missing = needs.find((need) => !known.has(need));
    if (missing !== undefined) throw new InputError(place, `${name} needs ${missing}, which is no layer of the plan`);
  }
  return { title: stack ? titleOf(stack) : since ? `Images since ${since.slice(0, 12)}` : "Images of a plan", layers };
}

function parse(place: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(place, `is no JSON: ${(error as Error).message}`);
  }
}

/** The same for the same name in every drawing, and safe wherever an id may stand. @example "layer-app" */
export function idOf(kind: "layer" | "upstream", name: string): string {
  return `${kind}-${name.replace(/[^A-Za-z0-9._-]/gu, (letter) => `:${letter.codePointAt(0)?.toString(16)}:`)}`;
}

/** The names of all upstreams, each once, in the order in which layers name them. */
export function upstreamsOf({ layers }: FamilyGraph): string[] {
  return [...new Set(layers.flatMap(({ upstreams = [] }) => upstreams))];
}

/** All arrows, in the order of the layers that they lead to. */
export function edgesOf({ layers }: FamilyGraph): Edge[] {
  return layers.flatMap(({ name, action, needs = [], upstreams = [], reasons = [] }) => {
    const to = idOf("layer", name);
    const changes = action !== undefined && action !== "unchanged" && action !== "removed";
    return [
      ...upstreams.map((upstream) => ({
        ...{ from: idOf("upstream", upstream), to },
        moves: changes && reasons.some((reason) => reason.startsWith(`upstream ${upstream} `)),
      })),
      ...needs.map((need) => ({
        ...{ from: idOf("layer", need), to },
        moves: changes && reasons.includes(parentReason(need)),
      })),
    ];
  });
}

/** @example "3 layers" */
export function sizeOf({ layers }: FamilyGraph): string {
  return `${layers.length} ${layers.length === 1 ? "layer" : "layers"}`;
}

/** @example "3 layers: 1 build, 1 rebase, 1 unchanged" */
export function summaryOf(graph: FamilyGraph): string {
  const counts = countsOf(graph.layers).map(([action, count]) => `${count} ${action}`);
  return counts.length > 0 ? `${sizeOf(graph)}: ${counts.join(", ")}` : sizeOf(graph);
}

const order: readonly Action[] = ["build", "new", "rebase", "removed", "unchanged"];

/** How many layers have which action, without those that none has. */
export function countsOf(layers: readonly GraphLayer[]): [Action, number][] {
  return order
    .map((action): [Action, number] => [action, layers.filter((layer) => layer.action === action).length])
    .filter(([, count]) => count > 0);
}
