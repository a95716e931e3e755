import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { nameIn } from "../../components/urn";
import { unknown } from "../stack/layer-reasons";

/** What an update does to a tag that people pull. */
export interface TagChange {
  readonly layer: string;
  /** @example "ghcr.io/acme/app:1.2" */
  readonly tag: string;
  readonly action: "new" | "moved" | "removed";
  /** What it names now; null for nothing. */
  readonly from: string | null;
  /** What it will name; null for nothing, and for an image that is still to be built. */
  readonly to: string | null;
}

/** What an update of a stack that promotes does to a layer. */
export interface CopyChange {
  readonly layer: string;
  readonly action: "new" | "promoted" | "unchanged" | "removed";
  /** The digests that the stack has of it and will have; null for none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether it was chosen, and stays until it is told otherwise. */
  readonly held: boolean;
  /** What was checked out for the builds of both; null where that is not known. */
  readonly commits: { readonly from: string | null; readonly to: string | null };
}

// biome-ignore lint/suspicious/noExplicitAny: the inputs of any resource
type Inputs = Readonly<Record<string, any>> | undefined;

/** What a step of the engine does to release tags; nothing where it is no such step. */
export function tagChanges({ resourcePreEvent: event }: EngineEvent): TagChange[] {
  const step = event?.metadata as StepEventMetadata | undefined;
  if (step?.type !== "strata:release:Tags" || !changes(step.op)) return [];
  const layer = nameIn(step.urn);
  // The provider keeps in the outputs what each tag names, which a refresh corrects.
  const before: Inputs = { ...step.old?.inputs, ...step.old?.outputs };
  const after: Inputs = step.op === "delete" ? undefined : step.new?.inputs;
  const keep = (after ?? before)?.keep === true;
  const [old, now] = [tagsIn(before), tagsIn(after)];
  const given = [...now].flatMap(([tag, digest]): TagChange[] => {
    const from = old.get(tag) ?? null;
    const to = digest === unknown ? null : digest;
    return from === digest ? [] : [{ layer, tag, action: from === null ? "new" : "moved", from, to }];
  });
  // They go with the stack: until then yesterday's stay.
  const gone = keep || after ? [] : [...old].filter(([tag]) => !now.has(tag));
  return [...given, ...gone.map(([tag, from]) => ({ layer, tag, action: "removed" as const, from, to: null }))];
}

/** What a step of the engine does to a promoted image; undefined where it is no such step. */
export function copyChange({ resourcePreEvent: event }: EngineEvent): CopyChange | undefined {
  const step = event?.metadata as StepEventMetadata | undefined;
  if (step?.type !== "strata:release:Copy" || !(step.op === "same" || changes(step.op))) return undefined;
  const before: Inputs = { ...step.old?.inputs, ...step.old?.outputs };
  const after: Inputs = step.op === "delete" ? undefined : (step.new?.inputs ?? before);
  const from = before?.digest ?? null;
  const to = after?.digest ?? null;
  const stays = from === to && before?.repository === after?.repository;
  return {
    layer: nameIn(step.urn),
    action: from === null ? "new" : to === null ? "removed" : stays ? "unchanged" : "promoted",
    from,
    to,
    held: after?.held === true,
    commits: { from: before?.commit ?? null, to: after?.commit ?? null },
  };
}

function tagsIn(inputs: Inputs): Map<string, string> {
  return new Map(
    Object.entries((inputs?.tags ?? {}) as Record<string, string>).map(([tag, digest]) => [
      `${inputs?.repository}:${tag}`,
      digest,
    ]),
  );
}

/** Whether a step records something, though no tag and no digest changes by it: that an image is held, for example. */
export function recordsOnly(event: EngineEvent): boolean {
  const step = event.resourcePreEvent?.metadata;
  if (!step || !/^strata:release:(?:Tags|Copy)$/.test(step.type) || !changes(step.op)) return false;
  return tagChanges(event).length === 0 && (copyChange(event)?.action ?? "unchanged") === "unchanged";
}

/** A replacement comes as three steps, of which the one between tells all. */
function changes(op: string): boolean {
  return ["create", "update", "replace", "delete"].includes(op);
}
