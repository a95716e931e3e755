import type { Image, ImageLayer } from "./image";

/** Where something is found: in both images, or in one alone. */
export type Side = "both" | "first" | "second";

export interface ConfigChange {
  /** @example "User", "Env.PATH", "Labels.maintainer" */
  readonly key: string;
  /** Null for what is not there. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What differs between two images of one platform, as their manifests and configurations tell it. */
export interface ImageComparison {
  readonly config: readonly ConfigChange[];
  /** The steps that only one of them has, in the order of the history, those of the first image first. */
  readonly steps: readonly { readonly in: Side; readonly step: string }[];
  /** All layers, those of the first image first, from the bottom up. */
  readonly layers: readonly (ImageLayer & { readonly in: Side })[];
}

/** Compares two images; nothing is read of the layers themselves. */
export function compareImages(first: Image, second: Image): ImageComparison {
  const [ofFirst, ofSecond] = [digestsOf(first), digestsOf(second)];
  return {
    config: changedConfig(first.config, second.config),
    steps: [
      ...without(first.steps, second.steps).map((step) => ({ in: "first" as const, step })),
      ...without(second.steps, first.steps).map((step) => ({ in: "second" as const, step })),
    ],
    layers: [
      ...first.layers.map((layer) => ({
        ...layer,
        in: ofSecond.has(layer.digest) ? ("both" as const) : ("first" as const),
      })),
      ...second.layers
        .filter(({ digest }) => !ofFirst.has(digest))
        .map((layer) => ({ ...layer, in: "second" as const })),
    ],
  };
}

function changedConfig(before: Image["config"], after: Image["config"]): ConfigChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .sort()
    .map((key) => ({ key, before: before[key] ?? null, after: after[key] ?? null }));
}

/** What of a list another one has not, or has less often. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const item of other) left.set(item, (left.get(item) ?? 0) + 1);
  return list.filter((item) => {
    const count = left.get(item) ?? 0;
    if (count > 0) left.set(item, count - 1);
    return count === 0;
  });
}

function digestsOf({ layers }: Image): Set<string> {
  return new Set(layers.map(({ digest }) => digest));
}
