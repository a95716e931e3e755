import type { Catalog, CatalogLayer } from "./catalog";
import { labelsOf } from "./labels";
import {
  type Compared,
  type Digests,
  movedImage,
  movedUpstreams,
  ownReasons,
  parentReason,
  upstreamReason,
} from "./reasons";

/**
 * What a change of the family does to a layer. `build`: steps run. `rebase`: only what is beneath changed, and every step is a
 * linked copy or metadata, so that nothing runs.
 */
export type Action = "new" | "removed" | "build" | "rebase" | "unchanged";

export interface LayerChange {
  readonly name: string;
  readonly action: Action;
  /**
   * Why, own reasons first: `M Dockerfile`, `A path`, `M path`, `D path`, `argument X`, `label key`, `platform`,
   * `timestamps`, `rebuild 2→3`, `ONBUILD of what is beneath`,
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
  // Of a Dockerfile that cannot be read all files count, which does not make them new.
  const bothRead = before.readable === after.readable;
  const own = ownReasons(
    comparedOf(before, bothRead ? undefined : after),
    comparedOf(after, bothRead ? undefined : before),
  );
  const [pinnedBefore, pinned] = [digestsOf(before), digestsOf(after)];
  const upstreams = movedUpstreams(pinnedBefore, pinned);
  const parents = after.layers.filter((parent) => beneath.get(parent)?.action !== "unchanged");
  // A layer that is gone leaves its name to an upstream.
  const gone = before.layers.filter((parent) => after.upstreams.some((upstream) => upstream.name === parent));
  const reasons = [
    ...own,
    ...upstreams.map((upstream) => upstreamReason(upstream, pinnedBefore, pinned)),
    ...[...parents, ...gone].map(parentReason),
  ];
  if (reasons.length === 0) return { name, action: "unchanged", reasons };
  return { name, action: actionFor(reasons, after.runsInside), reasons };
}

/**
 * What a change of a layer is.
 *
 * @param reasons at least one, in the words of `LayerChange`
 * @param runsInside the images beneath whose change makes steps run
 */
export function actionFor(reasons: readonly string[], runsInside: readonly string[]): "build" | "rebase" {
  const moved = reasons.map(movedImage);
  return moved.some((image) => image === undefined || runsInside.includes(image)) ? "build" : "rebase";
}

/** @param other where given, only files that it has too */
function comparedOf(layer: CatalogLayer, other: CatalogLayer | undefined): Compared {
  const shared = other && new Set(other.files.map(({ path }) => path));
  const files = shared ? layer.files.filter(({ path }) => shared.has(path)) : layer.files;
  return {
    ...layer,
    labels: labelsOf({ ...layer, standIns: [] }),
    files: new Map(files.map(({ path, hash, mode }) => [path, `${hash} ${mode}`])),
  };
}

function digestsOf(layer: CatalogLayer): Digests {
  return Object.fromEntries(layer.upstreams.map(({ name, digest }) => [name, digest]));
}
