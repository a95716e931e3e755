import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { parentReason } from "../../components/catalog/reasons";
import { nameIn, typeIn } from "../../components/urn";
import { stepOf } from "./build-step";
import { imageReasons, layerReasons } from "./layer-reasons";

/** What an operation of Pulumi does, or did, to one layer. */
export interface LayerProgress {
  readonly name: string;
  readonly action: "new" | "changed" | "unchanged" | "removed";
  /**
   * Why, in the words of `strata plan`: `M etc/motd`, `parent base`. Of an image that changes though its layer does not:
   * `repository`, `not in the registry`, `not built yet`.
   */
  readonly reasons: readonly string[];
  /**
   * Of a layer that was to change and did not, the layers beneath that came out the same; undefined for any other, and where no
   * preview told what was to change.
   */
  readonly cutOff: readonly string[] | undefined;
  /** How long the build and the push took; undefined until it ended, and where there was none. */
  readonly seconds: number | undefined;
  readonly failed: boolean;
  /** How the tests of its image went, where an operation ran them. */
  readonly tests?: { readonly seconds: number; readonly failed: boolean };
  /** What the builder is doing of it, as `stepOf` says it; undefined while it waits, and when it has ended. */
  readonly step: string | undefined;
  /** The last line that the builder printed. */
  readonly line: string | undefined;
}

/** What a preview said of a layer. */
export type PredictedLayer = Pick<LayerProgress, "name" | "action" | "reasons">;

/** Whether a layer is to be built and has neither ended nor begun. */
export function waits({ action, seconds, step, failed }: LayerProgress): boolean {
  return (action === "new" || action === "changed") && seconds === undefined && step === undefined && !failed;
}

const begun = { seconds: undefined, failed: false, step: undefined, line: undefined };

const actions: Readonly<Record<string, LayerProgress["action"]>> = {
  create: "new",
  update: "changed",
  replace: "changed",
  same: "unchanged",
  delete: "removed",
};

/** Follows the engine's events, and keeps for each layer where it stands. */
export class LayerEvents {
  private readonly layers = new Map<string, LayerProgress>();
  private readonly started = new Map<string, number>();
  /** The layers of which the state has what was built. */
  private readonly built = new Set<string>();
  private readonly predicted: ReadonlyMap<string, PredictedLayer>;

  /**
   * @param changed called with a layer whenever something about it has changed
   * @param predicted what a preview said; an update plans anew as it goes, so that by itself it cannot tell what it was spared
   */
  constructor(
    private readonly changed: (layer: LayerProgress) => void = () => {},
    predicted: readonly PredictedLayer[] = [],
  ) {
    this.predicted = new Map(predicted.map((layer) => [layer.name, layer]));
  }

  /** In the order in which they came. */
  get all(): readonly LayerProgress[] {
    return [...this.layers.values()];
  }

  /** Those as well that a preview said will change, and that have not come: a layer comes when what is beneath is there. */
  get expected(): readonly LayerProgress[] {
    const coming = [...this.predicted.values()].filter(({ name }) => !this.layers.has(name));
    return [
      ...this.all,
      ...coming.map(({ name, action, reasons }) => ({ ...begun, name, action, reasons, cutOff: undefined })),
    ];
  }

  readonly onEvent = (event: EngineEvent): void => {
    const { resourcePreEvent: before, resOutputsEvent: after, resOpFailedEvent: failed, diagnosticEvent: said } = event;
    if (before) this.begin(before.metadata);
    if (after && isImage(after.metadata.type)) this.end(after.metadata, false);
    if (failed && isImage(failed.metadata.type)) this.end(failed.metadata, true);
    if (said?.urn && isImage(typeIn(said.urn))) this.say(layerOf(said.urn), isTest(said.urn), said.message.trim());
  };

  private say(name: string, test: boolean, line: string): void {
    const step = test ? undefined : stepOf(line);
    this.update(name, step === undefined || this.layers.get(name)?.step === undefined ? { line } : { line, step });
  }

  private begin(step: StepEventMetadata): void {
    const name = nameIn(step.urn);
    // A refresh only looks.
    if (step.op === "refresh") return;
    if (step.type === "strata:image:Layer") this.beginLayer(name, step);
    if (!isImage(step.type)) return;
    if (isTest(step.urn)) {
      if (!["create", "update", "replace"].includes(step.op)) return;
      this.started.set(name, Date.now());
      this.update(layerOf(step.urn), { step: "tests" });
      return;
    }
    const layer = this.layers.get(name);
    // An image that stays as it is also passes by, in no time. Its layer can have changed back to it, after a build that failed.
    if (step.op === "same") {
      if (layer && layer.action !== "unchanged") this.update(name, { action: "unchanged", reasons: [] });
      return;
    }
    this.started.set(name, Date.now());
    const why = layer?.action === "unchanged" ? this.reasonsOfImage(name, step) : {};
    this.update(name, { ...why, ...(step.op === "delete" ? {} : { step: "build" }) });
  }

  private reasonsOfImage(name: string, { old: before, new: after }: StepEventMetadata): Partial<LayerProgress> {
    const reasons = imageReasons(before?.inputs, after?.inputs ?? {}, this.built.has(name));
    return { action: "changed", reasons, cutOff: undefined };
  }

  private beginLayer(name: string, step: StepEventMetadata): void {
    const action = actions[step.op] ?? "changed";
    const { old: before, new: after } = step;
    if (before?.outputs?.digest) this.built.add(name);
    const stands = {
      name,
      action,
      reasons: action === "changed" && before && after ? this.reasonsOf(name, before.inputs, after.inputs) : [],
      cutOff: action === "unchanged" ? this.cutOffBy(name) : undefined,
    };
    this.layers.set(name, { ...begun, ...this.layers.get(name), ...stands });
    this.changed(this.layers.get(name) as LayerProgress);
  }

  private reasonsOf(name: string, before: object, after: object): string[] {
    const reasons = layerReasons({ ...before }, { ...after }, (parent) => {
      const action = this.layers.get(parent)?.action;
      return action !== undefined && action !== "unchanged";
    });
    return this.built.has(name) ? reasons : [...reasons, "not built yet"];
  }

  private cutOffBy(name: string): string[] | undefined {
    const layer = this.predicted.get(name);
    if (!layer || layer.action === "unchanged") return undefined;
    const beneath = [...this.layers.keys()].filter((other) => layer.reasons.includes(parentReason(other)));
    return beneath.length > 0 ? beneath : undefined;
  }

  private end(step: StepEventMetadata, failed: boolean): void {
    const name = nameIn(step.urn);
    const started = this.started.get(name);
    if (started === undefined) return;
    const seconds = (Date.now() - started) / 1000;
    const ended = isTest(step.urn) ? { tests: { seconds, failed } } : { seconds, failed };
    this.update(layerOf(step.urn), { ...ended, step: undefined });
  }

  private update(name: string, change: Partial<LayerProgress>): void {
    const layer = this.layers.get(name);
    if (!layer) return;
    this.layers.set(name, { ...layer, ...change });
    this.changed({ ...layer, ...change });
  }
}

function isImage(type: string): boolean {
  return type === "docker-build:index:Image";
}

/** An image that is built for its tests alone has the name `layer/tests`. */
function isTest(urn: string): boolean {
  return urn.endsWith("/tests");
}

function layerOf(urn: string): string {
  return nameIn(urn).replace(/\/tests$/, "");
}
