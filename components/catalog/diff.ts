import type { Catalog, CatalogLayer } from "./catalog";

/**
 * What a change of the family does to a layer. `build`: steps run. `rebase`: only what is beneath changed, and every step is a
 * linked copy or metadata, so that nothing runs.
 */
export type Action = "new" | "removed" | "build" | "rebase" | "unchanged";

export interface LayerChange {
  readonly name: string;
  readonly action: Action;
  /**
   * Why, own reasons first: `M Dockerfile`, `A path`, `M path`, `D path`, `argument X`, `platform`, `rebuild 2→3`,
   * `ONBUILD of what is beneath`,
   * `upstream debian:trixie-slim 1a2b3c4d…→5e6f7a8b…`, `parent base`.
   */
  readonly reasons: readonly string[];
}

/** Compares a family before and after. Layers come in the order of `after`, then those that are gone. */
export function diffCatalogs(before: Catalog, after: Catalog): LayerChange[] {
  const old = new Map(before.map((layer) => [layer.name, layer]));
  const changes = new Map<string, LayerChange>();
  for (const layer of after) changes.set(layer.name, changeOf(old.get(layer.name), layer, changes));
  for (const { name } of before) if (!changes.has(name)) changes.set(name, { name, action: "removed", reasons: [] });
  return [...changes.values()];
}

function changeOf(
  before: CatalogLayer | undefined,
  after: CatalogLayer,
  beneath: ReadonlyMap<string, LayerChange>,
): LayerChange {
  const { name } = after;
  if (!before) return { name, action: "new", reasons: [] };
  const own = ownReasons(before, after);
  const upstreams = movedUpstreams(before, after);
  const parents = after.layers.filter((parent) => beneath.get(parent)?.action !== "unchanged");
  // A layer that is gone leaves its name to an upstream.
  const gone = before.layers.filter((parent) => after.upstreams.some((upstream) => upstream.name === parent));
  const reasons = [
    ...own,
    ...upstreams.map(({ name: upstream, from, to }) => `upstream ${upstream} ${short(from)}→${short(to)}`),
    ...[...parents, ...gone].map((parent) => `parent ${parent}`),
  ];
  if (reasons.length === 0) return { name, action: "unchanged", reasons };
  const moved = [...upstreams.map((upstream) => upstream.name), ...parents, ...gone];
  const runs = own.length > 0 || moved.some((parent) => after.runsInside.includes(parent));
  return { name, action: runs ? "build" : "rebase", reasons };
}

function ownReasons(before: CatalogLayer, after: CatalogLayer): string[] {
  // A context may have its Dockerfile in it, as a file like any other.
  return [...new Set(allReasons(before, after))];
}

function allReasons(before: CatalogLayer, after: CatalogLayer): string[] {
  return [
    ...(before.dockerfile === after.dockerfile ? [] : ["M Dockerfile"]),
    ...changedFiles(before, after),
    ...(String(before.inherited) === String(after.inherited) ? [] : ["ONBUILD of what is beneath"]),
    ...changedKeys(asMap(before.arguments), asMap(after.arguments)).map((argument) => `argument ${argument}`),
    ...(String([...before.platforms].sort()) === String([...after.platforms].sort()) ? [] : ["platform"]),
    ...(before.rebuild === after.rebuild ? [] : [`rebuild ${before.rebuild}→${after.rebuild}`]),
  ];
}

function changedFiles(before: CatalogLayer, after: CatalogLayer): string[] {
  const lines = (layer: CatalogLayer) => new Map(layer.files.map(({ path, hash, mode }) => [path, `${hash} ${mode}`]));
  const [old, now] = [lines(before), lines(after)];
  // Of a Dockerfile that cannot be read all files count, which does not make them new.
  const bothRead = before.readable === after.readable;
  const changed = changedKeys(old, now).filter((path) => bothRead || (old.has(path) && now.has(path)));
  return changed.map((path) => `${!old.has(path) ? "A" : now.has(path) ? "M" : "D"} ${path}`);
}

function changedKeys(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

function asMap(record: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(record));
}

function movedUpstreams(before: CatalogLayer, after: CatalogLayer): { name: string; from: string; to: string }[] {
  return after.upstreams.flatMap(({ name, digest: to }) => {
    const from = before.upstreams.find((upstream) => upstream.name === name)?.digest;
    return from === undefined || from === to ? [] : [{ name, from, to }];
  });
}

/** Enough of a digest to tell two apart. */
function short(digest: string): string {
  const [algorithm, hex] = digest.split(":");
  return hex === undefined ? (algorithm ?? "") : `${hex.slice(0, 8)}…`;
}
