import type { Timestamps } from "./catalog";
import { sha256 } from "./sha256";

/** Everything that an image is made of. Two builds of equal ingredients give one digest. */
export interface Ingredients {
  /** Lines `hash mode path`, as `filesText` gives them. */
  readonly files: string;
  /** In its normal form. */
  readonly dockerfile: string;
  /** Build arguments by name, those of Strata itself included. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  readonly rebuild: number;
  /** For each image named in the Dockerfile its digest: of upstreams the pin, of layers what was built. */
  readonly parents: Readonly<Record<string, string>>;
  /** What else changes bytes: options of the export, labels. */
  readonly options: Readonly<Record<string, string>>;
}

/** Of the form that is hashed; another one gives every image another identity. */
const version = 2;

/**
 * The identity of a build: sha256 over its ingredients, 64 hexadecimal digits, whatever the order of keys. What is hashed
 * is documented byte for byte, with test vectors, in docs/build-id.md.
 */
export function buildId(ingredients: Ingredients): string {
  const { files, dockerfile, platforms, rebuild, parents, options } = ingredients;
  const form = [
    version,
    files,
    dockerfile,
    sorted(ingredients.arguments),
    [...platforms].sort(),
    rebuild,
    sorted(parents),
    sorted(options),
  ];
  return sha256(JSON.stringify(form));
}

export interface BuildOptions {
  readonly compression: string;
  readonly timestamps: Timestamps;
  readonly labels: Readonly<Record<string, string>>;
  readonly secretIds: Iterable<string>;
}

/** The options of a build, as ingredients have them. Which secrets a step is given may change what it does; a value that is rotated does not. */
export function optionsOf({ compression, timestamps, labels, secretIds }: BuildOptions): Record<string, string> {
  return Object.fromEntries([
    ["compression", compression],
    ...(timestamps ? [["timestamps", timestamps] as const] : []),
    ...Object.entries(labels).map(([key, value]) => [`label:${key}`, value] as const),
    ...[...secretIds].map((id) => [`secret:${id}`, ""] as const),
  ]);
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
