import { distance } from "fastest-levenshtein";

/** Says that there is no such layer, and which it may have been. @param where it was looked for. @example "in the commit 1a2b" */
export function unknownLayer(name: string, layers: readonly string[], where: string): string {
  const names = [...new Set(layers)];
  const near = names
    .map((layer) => ({ layer, far: distance(name, layer) }))
    .filter(({ layer, far }) => far <= Math.max(2, layer.length / 3) || layer.includes(name))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ layer }) => layer);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `layers are ${someOf(names)}`;
  return `there is no layer "${name}" ${where}; ${hint}`;
}

function someOf(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")}, …` : names.join(", ");
}
