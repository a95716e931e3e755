import type { Timestamps } from "./catalog";

/** What a layer is made of, in the terms that Pulumi compares. @typeParam T a digest, known now or later */
export interface LayerIngredients<T> {
  /** Lines `hash mode path`. */
  readonly files: string;
  /** In its normal form. */
  readonly dockerfile: string;
  readonly platforms: readonly string[];
  readonly compression: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The digests of the layers beneath, by the name that the Dockerfile uses. */
  readonly parents: Readonly<Record<string, T>>;
  /** Those of the upstreams beneath. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly arguments: Readonly<Record<string, string>>;
  readonly timestamps: Timestamps;
  readonly rebuild: number;
  /** The ids of the secrets that its steps are given, sorted. */
  readonly secretIds: readonly string[];
}

/** The inputs of a layer's resource. What says nothing is absent, so that most layers' inputs stay small. */
export function layerInputs<T>(of: LayerIngredients<T>): Record<string, unknown> {
  const { files, dockerfile, platforms, compression, labels, timestamps, rebuild, secretIds } = of;
  const maps = { parents: of.parents, upstreams: of.upstreams, arguments: of.arguments };
  return {
    files,
    dockerfile,
    platforms,
    compression,
    labels,
    ...Object.fromEntries(Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0)),
    ...(timestamps ? { timestamps } : {}),
    ...(rebuild > 0 ? { rebuild } : {}),
    ...(secretIds.length > 0 ? { secrets: secretIds } : {}),
  };
}
