import type { Catalog } from "./catalog";

/** On an image: the upstreams whose stand-ins it was made on, separated by spaces. */
export const standInLabel = "strata.stand-in";

/** For each layer the upstreams beneath it, at any depth, for which a stand-in is used; sorted. */
export function standInsBeneath(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { name, layers, upstreams } of catalog) {
    const own = upstreams.filter((upstream) => upstream.standIn).map((upstream) => upstream.name);
    const inherited = layers.flatMap((parent) => found.get(parent) ?? []);
    found.set(name, [...new Set([...own, ...inherited])].sort());
  }
  return found;
}
