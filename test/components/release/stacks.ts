import { createHash } from "node:crypto";
import { InputError } from "../../../components/catalog/input-error";
import type { LayerOutput } from "../../../components/family";
import { placeOf } from "../../../components/naming";
import { RegistryError } from "../../../components/registry";
import { adoptedVersions, unknownPlaces } from "../../../components/release/adopted-versions";
import type { Hold } from "../../../components/release/hold";
import { releasesIn } from "../../../components/release/previous";
import { chosenImages, copyOf, outputOf, releasedOf } from "../../../components/release/promotion";
import { HalfDone, type Operations, type Properties } from "../../../components/release/provider/resource";
import { type ReleasedLayer, releasedBy, releaseTagsOf } from "../../../components/release/release";
import type { SourceLayers } from "../../../components/release/source";
import type { Checkout } from "./branches";
import type { FakeRegistries } from "./fake-registries";
import { provider, type Trouble } from "./troubled-provider";

export const platforms = ["linux/amd64", "linux/arm64"];

export interface Config {
  readonly registry: string;
  readonly organisation: string;
  readonly repository: string;
  readonly releaseTags: readonly string[];
  readonly keepTags: boolean;
  versions: Readonly<Record<string, string>>;
  hold: Readonly<Record<string, Hold>>;
}

/** How an operation on a stack ended. */
export interface Ended {
  /** Why it failed; empty where it did not. */
  readonly problems: readonly string[];
  /** The layers whose images are where they should be. */
  readonly copied: readonly string[];
  /** Those whose names are as they should be. */
  readonly done: readonly string[];
  /** Those whose names are so in part, which the state tells. */
  readonly half: readonly string[];
  /** Whether the trouble came. */
  readonly disturbed: boolean;
}

type Kind = "Tags" | "Copy";

/** A resource as the engine keeps it. */
interface Entry {
  readonly type: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** Of one that was done in part, so that the next update does it again though nothing changed. */
  readonly half: boolean;
}

/** A stack with the real rules of what it wants and the real provider, and an engine that keeps its state as Pulumi's does. */
export class Stack {
  private readonly state = new Map<string, Entry>();
  /** As of the last update that ended well. */
  outputs: Readonly<Record<string, LayerOutput>> = {};

  /** @param source the stack that it promotes from, or that it takes what is equal from */
  constructor(
    readonly name: string,
    readonly config: Config,
    readonly registries: FakeRegistries,
    readonly source?: Stack,
  ) {}

  placeOf(layer: string) {
    return placeOf(this.config.repository, { ...this.config, name: layer });
  }

  /** The digests that its state names, each with its repository. */
  needs(): [repository: string, digest: string][] {
    return [...this.state.values()].flatMap(({ outputs }) => {
      const {
        repository,
        tags = {},
        versions = {},
        digest,
        given = digest,
        before = [],
      } = outputs as Record<string, undefined>;
      const images = (before as unknown as Properties[]).map((image) => image.digest);
      const copied = typeof given === "string" ? [given] : [];
      const all: unknown[] = [...Object.values(tags), ...Object.values(versions), ...copied, ...images];
      return all.map((one): [string, string] => [repository ?? "", String(one)]);
    });
  }

  /** The images that it has had before, as its state tells. */
  before(layer: string): string[] {
    const { before = [] } = this.state.get(this.urn("Copy", layer))?.outputs ?? {};
    return (before as { digest: string }[]).map(({ digest }) => digest);
  }

  /** What is checked out is built, but for what `source` has, and gets its names. */
  build(checkout: Checkout, trouble?: Trouble): Promise<Ended> {
    return this.update(trouble, async ({ previous, adopt }) => {
      const built: Record<string, LayerOutput> = {};
      const checked: Record<string, string> = {};
      for (const [layer, { made, changed }] of Object.entries(checkout)) {
        const reused = this.source?.outputs[layer];
        const same = reused?.buildId === idOf(made) ? { ...reused, versions: {} } : undefined;
        built[layer] = { ...(same ?? this.image(layer, made)), changed };
        if (!same) checked[layer] = (built[layer] as LayerOutput).digest;
      }
      const commits = {
        changed: new Map(Object.entries(checkout).map(([layer, { changed }]) => [layer, changed])),
        branch: "main",
      };
      const adopted = await adopt(Object.keys(checked));
      const released = releasedBy(checked, { ...this.config, stack: this.name, commits, previous, adopted });
      return { released, copies: new Map(), outputs: (layer) => built[layer] as LayerOutput, layers: checkout };
    });
  }

  /** What `source` has is copied, but for what is held, and gets its names. */
  promote(source: Stack, trouble?: Trouble): Promise<Ended> {
    return this.update(trouble, async ({ previous, adopt }) => {
      const offered = kept(source.outputs) as unknown as SourceLayers;
      if (Object.keys(offered).length === 0) throw new InputError("strata:promoteFrom", `${source.name} has no images`);
      const withVersions = Object.entries(offered).map(([name, layer]) => [
        name,
        { ...layer, versions: layer.versions ?? {} },
      ]);
      const args = {
        ...this.config,
        source: { stack: source.name, backend: undefined, key: "strata:promoteFrom" },
        offered: Object.fromEntries(withVersions) as SourceLayers,
        promoted: previous.promoted,
        adopted: await adopt([...Object.keys(offered), ...previous.promoted.keys()]),
      };
      const chosen = new Map(chosenImages(args).map((layer) => [layer.name, layer]));
      return {
        released: [...chosen.values()].map((layer) => releasedOf(layer, layer.image.digest, args)),
        copies: new Map([...chosen].map(([name, layer]) => [name, copyOf(layer)])),
        outputs: (name, copied) => outputOf(chosen.get(name) as never, copied as never),
        layers: Object.fromEntries(chosen),
      };
    });
  }

  /** What the registries have of it comes into its state. */
  async refresh(): Promise<void> {
    const { operations } = provider(this.registries);
    for (const [urn, entry] of this.state) {
      const found = await operations(entry.type).read(entry.outputs);
      if (found === undefined) this.state.delete(urn);
      else this.state.set(urn, { ...entry, inputs: kept(found.inputs), outputs: kept(found.props), half: false });
    }
  }

  async destroy(trouble?: Trouble): Promise<Ended> {
    const { operations, disturbed } = provider(this.registries, trouble);
    const problems = await this.deleteAll([...this.state.keys()].reverse(), operations);
    if (problems.length === 0) this.outputs = {};
    return { problems, copied: [], done: [], half: [], disturbed: disturbed() };
  }

  private image(layer: string, made: string): LayerOutput {
    const { repository, tagPrefix } = this.placeOf(layer);
    const digest = this.registries.push(`${repository}:${tagPrefix}b-${idOf(made)}`, made, { platforms });
    return { ref: `${repository}@${digest}`, digest, buildId: idOf(made), platforms, standIn: [], tests: 0 };
  }

  private async update(
    trouble: Trouble | undefined,
    program: (run: {
      previous: ReturnType<typeof releasesIn>;
      adopt: (layers: readonly string[]) => ReturnType<typeof adoptedVersions>;
    }) => Promise<{
      readonly released: readonly ReleasedLayer<string>[];
      readonly copies: ReadonlyMap<string, Properties>;
      readonly outputs: (layer: string, copied: Properties | undefined) => LayerOutput;
      readonly layers: object;
    }>,
  ): Promise<Ended> {
    const { operations, disturbed } = provider(this.registries, trouble);
    const ask = (args: readonly string[], ref: string) =>
      this.registries.ask(args).catch((error: Error) => {
        throw new RegistryError(`${ref}: ${error.message}`);
      });
    const failed = (error: unknown): Ended => ({
      problems: [(error as Error).message],
      copied: [],
      done: [],
      half: [],
      disturbed: disturbed(),
    });
    let wanted: Awaited<ReturnType<typeof program>>;
    let tags: Map<string, ReturnType<typeof releaseTagsOf<string>>[number][1]>;
    try {
      const previous = releasesIn(Object.fromEntries(this.state));
      const adopt = (layers: readonly string[]) =>
        adoptedVersions(unknownPlaces(layers, previous.tags, this.config), ask);
      wanted = await program({ previous, adopt });
      tags = new Map(releaseTagsOf({ ...this.config, layers: wanted.released }));
    } catch (error) {
      if (error instanceof InputError) return failed(error);
      throw error;
    }
    const seen = new Set<string>();
    const outputs: Record<string, LayerOutput> = {};
    const copied: string[] = [];
    const half: string[] = [];
    const ended = await Promise.allSettled(
      Object.keys(wanted.layers).map(async (layer) => {
        const register = (kind: Kind, args: Properties) => {
          seen.add(this.urn(kind, layer));
          return this.register(kind, layer, args, operations).catch((error) => {
            if (error instanceof HalfDone) half.push(layer);
            throw error;
          });
        };
        const copy = wanted.copies.get(layer);
        const came = copy && (await register("Copy", copy));
        copied.push(layer);
        const names = tags.get(layer);
        const told = names && (await register("Tags", names));
        const versions = told?.versions as Record<string, string> | undefined;
        outputs[layer] = {
          ...wanted.outputs(layer, came),
          ...(versions && Object.keys(versions).length > 0 ? { versions } : {}),
        };
        return layer;
      }),
    );
    const done = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const problems = ended.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : []));
    if (problems.length === 0) {
      this.outputs = outputs;
      const gone = [...this.state.keys()].filter((urn) => !seen.has(urn));
      problems.push(...(await this.deleteAll(gone, operations)));
    }
    return { problems, copied, done, half, disturbed: disturbed() };
  }

  /** As the engine does it: check, diff, and create or update where there is any; what a killed provider has done nobody knows. */
  private async register(
    kind: Kind,
    layer: string,
    args: Properties,
    operationsOf: (type: string) => Operations,
  ): Promise<Properties> {
    const urn = this.urn(kind, layer);
    const type = `strata:release:${kind}`;
    const operations = operationsOf(type);
    const news = kept(args);
    const old = this.state.get(urn);
    const failures = await operations.check(old?.inputs, news);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    if (old && !old.half && operations.diff(old.outputs, news).length === 0) {
      this.state.set(urn, { ...old, inputs: news });
      return old.outputs;
    }
    try {
      const outputs = kept(await operations.put(old?.outputs, news));
      this.state.set(urn, { type, inputs: news, outputs, half: false });
      return outputs;
    } catch (error) {
      if (error instanceof HalfDone) {
        this.state.set(urn, { type, inputs: news, outputs: kept(error.properties), half: true });
      }
      throw error;
    }
  }

  private async deleteAll(urns: readonly string[], operations: (type: string) => Operations): Promise<string[]> {
    const problems: string[] = [];
    for (const urn of urns) {
      const entry = this.state.get(urn) as Entry;
      try {
        await operations(entry.type).delete(entry.outputs);
        this.state.delete(urn);
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    return problems;
  }

  private urn(kind: Kind, layer: string): string {
    return `urn:pulumi:${this.name}::strata::strata:release:${kind}::${layer}`;
  }
}

/** As it comes back from a state: what is undefined is not there. */
function kept<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function idOf(made: string): string {
  return createHash("sha256").update(made).digest("hex");
}
