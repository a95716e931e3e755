import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";

/** What an operation of Pulumi does, or did, to one layer. */
export interface LayerProgress {
  readonly name: string;
  readonly action: "new" | "changed" | "unchanged" | "removed";
  /** The inputs that differ: `files`, `dockerfile`, `parents`. */
  readonly reasons: readonly string[];
  /** How long the build and the push took; undefined until it ended, and where there was none. */
  readonly seconds: number | undefined;
  readonly failed: boolean;
  /** The last line that the builder printed. */
  readonly line: string | undefined;
}

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

  /** @param changed called with a layer whenever something about it has changed */
  constructor(private readonly changed: (layer: LayerProgress) => void = () => {}) {}

  /** In the order in which they came. */
  get all(): readonly LayerProgress[] {
    return [...this.layers.values()];
  }

  readonly onEvent = (event: EngineEvent): void => {
    const { resourcePreEvent: before, resOutputsEvent: after, resOpFailedEvent: failed, diagnosticEvent: said } = event;
    if (before) this.begin(before.metadata);
    if (after && isImage(after.metadata.type)) this.end(after.metadata, false);
    if (failed && isImage(failed.metadata.type)) this.end(failed.metadata, true);
    if (said?.urn && isImage(typeOf(said.urn))) this.update(nameOf(said.urn), { line: said.message.trim() });
  };

  private begin(step: StepEventMetadata): void {
    const name = nameOf(step.urn);
    // A refresh only looks.
    if (step.op === "refresh") return;
    if (step.type === "strata:image:Layer") {
      const known = this.layers.get(name);
      const layer = { name, action: actions[step.op] ?? "changed", reasons: differing(step) };
      this.layers.set(name, { seconds: undefined, failed: false, line: undefined, ...known, ...layer });
      this.changed(this.layers.get(name) as LayerProgress);
    }
    // An image that stays as it is also passes by, in no time.
    if (!isImage(step.type) || step.op === "same") return;
    this.started.set(name, Date.now());
    // An image can change while its layer does not: another registry, or an image that the registry has lost.
    if (this.layers.get(name)?.action === "unchanged") {
      this.update(name, { action: actions[step.op] ?? "changed", reasons: differing(step) });
    }
  }

  private end(step: StepEventMetadata, failed: boolean): void {
    const name = nameOf(step.urn);
    const started = this.started.get(name);
    if (started !== undefined) this.update(name, { seconds: (Date.now() - started) / 1000, failed });
  }

  private update(name: string, change: Partial<LayerProgress>): void {
    const layer = this.layers.get(name);
    if (!layer) return;
    this.layers.set(name, { ...layer, ...change });
    this.changed({ ...layer, ...change });
  }
}

function differing(step: StepEventMetadata): string[] {
  const before = step.old?.inputs ?? {};
  const after = step.new?.inputs ?? {};
  if (!step.old || !step.new) return [];
  return Object.keys({ ...before, ...after }).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
}

function isImage(type: string): boolean {
  return type === "docker-build:index:Image";
}

/** urn:pulumi:stack::project::parent$type::name */
function nameOf(urn: string): string {
  return urn.split("::").at(-1) as string;
}

function typeOf(urn: string): string {
  return (urn.split("::")[2] as string).split("$").at(-1) as string;
}
