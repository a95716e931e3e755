import { createHash } from "node:crypto";

/** Everything that an image is made of. Two builds of equal ingredients give one digest. */
export interface Ingredients {
  /** Lines `hash mode path`, as `filesText` gives them. */
  readonly files: string;
  readonly dockerfile: string;
  /** For each image named in the Dockerfile its digest. */
  readonly parents: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  /** What else changes bytes: build arguments, options of the export, labels. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * The identity of a build: sha256 over its ingredients, 64 hexadecimal digits, whatever the order of keys.
 * What is hashed is one JSON array, `[1, files, dockerfile, parents, platforms, options]`, where 1 is the version of this
 * form and the two maps are arrays of [key, value], sorted by key.
 */
export function buildId(ingredients: Ingredients): string {
  const { files, dockerfile, parents, platforms, options } = ingredients;
  const form = [1, files, dockerfile, sorted(parents), [...platforms].sort(), sorted(options)];
  return createHash("sha256").update(JSON.stringify(form)).digest("hex");
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
