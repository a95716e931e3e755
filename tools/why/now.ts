import type { Catalog, CatalogLayer } from "../../components/catalog/catalog";
import { filesText } from "../../components/catalog/files";
import { labelsOf } from "../../components/catalog/labels";
import { layerInputs } from "../../components/catalog/layer-inputs";
import { standInsBeneath } from "../../components/catalog/stand-ins";
import type { ImagePlace } from "../../components/naming";
import type { FamilySettings } from "../../components/release/family-at";
import { layerReasons, type Properties, unknown } from "../stack/layer-reasons";
import type { LayerState } from "./states";

/** What of a stack's configuration its images are made with. */
export interface BuildSettings extends FamilySettings {
  readonly builder: string;
  /** Where the images of a layer go. */
  readonly placeOf: (layer: string) => ImagePlace;
}

/** A layer as an update would find it now. */
export interface LayerNow {
  /** The inputs of its component; the digest of a parent that changes is `unknown`. */
  readonly inputs: Properties;
  /** Why an update would build it, in the words of `strata plan`; empty where it would not. */
  readonly reasons: readonly string[];
}

/**
 * What an update would make of each layer, and why: the catalog against what the state has. Nothing is asked of Pulumi, so that a
 * layer of which the engine knows more, such as an image that is gone from the registry, is not seen to change.
 */
export function layersNow(
  catalog: Catalog,
  state: ReadonlyMap<string, LayerState>,
  settings: BuildSettings,
): Map<string, LayerNow> {
  const standIns = standInsBeneath(catalog);
  const found = new Map<string, LayerNow>();
  const changes = (name: string) => (found.get(name)?.reasons.length ?? 0) > 0;
  for (const layer of catalog) {
    const before = state.get(layer.name);
    const parents = layer.layers.map((parent): [string, string] => [
      parent,
      changes(parent) ? unknown : (state.get(parent)?.built?.digest ?? unknown),
    ]);
    const inputs = inputsOf(layer, Object.fromEntries(parents), standIns.get(layer.name) ?? [], settings, before);
    found.set(layer.name, { inputs, reasons: reasonsOf(layer, before, inputs, settings, changes) });
  }
  return found;
}

/** As `Layer` gives them to the engine. */
function inputsOf(
  layer: CatalogLayer,
  parents: Readonly<Record<string, string>>,
  standIns: readonly string[],
  { labels, compression, secrets }: BuildSettings,
  before: LayerState | undefined,
): Properties {
  const upstreams = Object.fromEntries(layer.upstreams.map(({ name, digest }) => [name, digest]));
  const mounted = [...new Set(layer.secrets.map(({ id }) => id))].sort();
  const secretIds = secrets ? mounted.filter((id) => secrets.has(id)) : ((before?.inputs.secrets as string[]) ?? []);
  const made = { files: filesText(layer.files), labels: labelsOf({ ...layer, standIns }, labels) };
  return layerInputs({ ...layer, ...made, parents, upstreams, compression, secretIds });
}

function reasonsOf(
  { name }: CatalogLayer,
  before: LayerState | undefined,
  inputs: Properties,
  { builder, placeOf }: BuildSettings,
  changes: (layer: string) => boolean,
): string[] {
  if (!before) return ["new"];
  const reasons = layerReasons(sorted(before.inputs), sorted(inputs), changes);
  if (!before.built) return [...reasons, "not built yet"];
  if (reasons.length > 0) return reasons;
  if (before.tag?.slice(0, before.tag.lastIndexOf(":")) !== placeOf(name).repository) return ["repository"];
  return before.builder === builder ? [] : ["builder"];
}

/** The state has the keys of maps in an order of its own. */
function sorted(inputs: Properties): Properties {
  const order = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.parse(JSON.stringify(inputs, order)) as Properties;
}
