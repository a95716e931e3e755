import { buildArguments } from "../../components/catalog/build-arguments";
import { optionsOf } from "../../components/catalog/build-id";
import type { Catalog } from "../../components/catalog/catalog";
import { placeOf } from "../../components/naming";
import { RegistryError } from "../../components/registry";
import { familySettings } from "../../components/release/family-at";
import { configOf, historySourceOf, readConfig } from "../stack/config-files";
import type { Environment } from "../stack/environment";
import { fileLines, type Properties, unknown } from "../stack/layer-reasons";
import { unknownLayer } from "../stack/unknown-layer";
import { type LastChange, lastChange } from "./commits";
import { type BuildSettings, type LayerNow, layersNow } from "./now";
import type { Why } from "./shape";
import { type Built, type LayerState, otherStacks, stateOf } from "./states";
import { tagsOf } from "./tags";

/**
 * Why a layer's image is what it is: what it is made of, where it is, who has it, and whether an update would build it.
 *
 * @param name of a layer that the catalog or the stack has
 * @param catalog of the stack, read in the working directory
 * @throws Error where the stack's state cannot be read, and InputError for a layer that there is not
 */
export async function whyLayer(name: string, stack: string, catalog: Catalog, env: Environment): Promise<Why> {
  const entry = catalog.find((layer) => layer.name === name);
  const [state, change] = await Promise.all([
    stateOf(stack, env),
    entry ? lastChange(name, catalog, historySourceOf(stack)).catch(unknownChange) : noChange,
  ]);
  const before = state.get(name);
  if (!entry && !before)
    throw new Error(unknownLayer(name, [...catalog.map((layer) => layer.name), ...state.keys()], inStack(stack)));
  const settings = settingsOf(stack);
  const now = layersNow(catalog, state, settings).get(name);
  const built = before?.built;
  const [tags, holders] = await Promise.all([
    tagsNaming(built, before, settings, name, env),
    stacksHolding(built, stack, name, env),
  ]);
  // Those of what was built, and where nothing was, of what would be.
  const inputs = (built ? before?.inputs : now?.inputs) ?? before?.inputs ?? {};
  return {
    version: 1,
    stack,
    layer: name,
    image: built ? { ref: built.ref, digest: built.digest, buildId: built.buildId, tag: before?.tag ?? null } : null,
    parents: parentsIn(inputs),
    ingredients: ingredientsIn(inputs),
    last: change.last ? { ...change.last, reasons: [...change.last.reasons] } : null,
    uncommitted: [...change.uncommitted],
    built: built ? recordIn(built) : null,
    tags: tags.names,
    stacks: [...(built ? [stack] : []), ...holders.names],
    changes: changesOf(now),
    notes: [...failureOf(before), change.note, ...tags.notes, ...holders.notes].filter((note) => note !== undefined),
  };
}

/** Where a layer of a stack is. */
export function inStack(stack: string): string {
  return `in images or in the stack ${stack}`;
}

/** What of a stack's configuration its images are made with. */
export function settingsOf(stack: string): BuildSettings {
  const text = (key: string) => String(configOf(stack, key));
  const [registry, organisation] = [text("registry"), text("organisation")];
  return {
    ...familySettings(readConfig(stack)),
    builder: text("builder"),
    placeOf: (name) => placeOf(text("repository"), { registry, organisation, name }),
  };
}

/** What there is of a layer whose last build failed. */
function failureOf(state: LayerState | undefined): string[] {
  if (!state || state.built) return [];
  const { lastDigest, tag } = state;
  const before =
    tag && lastDigest ? `; the image before it is ${tag.slice(0, tag.lastIndexOf(":"))}@${lastDigest}` : "";
  return [`the last build failed (strata logs ${state.name}), or one is under way${before}`];
}

function changesOf(now: LayerNow | undefined): string[] {
  return now ? [...now.reasons] : ["no folder of images has it any more: an update forgets it"];
}

async function tagsNaming(
  built: Built | undefined,
  state: LayerState | undefined,
  settings: BuildSettings,
  name: string,
  env: Environment,
): Promise<{ names: string[] | null; notes: string[] }> {
  if (!built) return { names: null, notes: [] };
  const [repository = ""] = built.ref.split("@");
  const own = state?.tag?.slice(state.tag.lastIndexOf(":") + 1);
  try {
    const { tagPrefix } = settings.placeOf(name);
    const { digests, more } = await tagsOf(repository, tagPrefix, own ? [own] : [], env);
    const names = [...digests].filter(([, digest]) => digest === built.digest).map(([tag]) => tag);
    const lost = more === 0 && names.length === 0 ? [`no tag of ${repository} names the image any more`] : [];
    return { names, notes: more > 0 ? [`${more} tags of ${repository} were not looked at`] : lost };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { names: null, notes: [`the tags are not known: ${error.message}`] };
  }
}

async function stacksHolding(
  built: Built | undefined,
  stack: string,
  name: string,
  env: Environment,
): Promise<{ names: string[]; notes: string[] }> {
  if (!built) return { names: [], notes: [] };
  try {
    const { states, unread } = await otherStacks(stack, env);
    const names = [...states]
      .filter(([, layers]) => layers.get(name)?.built?.digest === built.digest)
      .map(([other]) => other);
    return { names, notes: unread.length > 0 ? [`stacks that could not be looked at: ${unread.join(", ")}`] : [] };
  } catch (error) {
    return { names: [], notes: [`other stacks could not be looked at: ${(error as Error).message}`] };
  }
}

function parentsIn(inputs: Properties): Why["parents"] {
  const of = (kind: "layer" | "upstream", digests: unknown) =>
    Object.entries((digests ?? {}) as Record<string, string>).map(([name, digest]) => ({
      name,
      kind,
      digest: digest === unknown ? null : digest,
    }));
  return [...of("layer", inputs.parents), ...of("upstream", inputs.upstreams)];
}

/** In the form that docs/build-id.md has them in, from what `Layer` gives the engine. */
function ingredientsIn(inputs: Properties): Why["ingredients"] {
  const map = (key: string) => (inputs[key] ?? {}) as Record<string, string>;
  const list = (key: string) => (inputs[key] ?? []) as string[];
  return {
    files: fileLines(String(inputs.files ?? "")).map(({ identity, path }) => {
      const [hash = "", mode = ""] = identity.split(" ");
      return { path, mode, hash };
    }),
    dockerfile: String(inputs.dockerfile ?? ""),
    arguments: { ...buildArguments, ...map("arguments") },
    platforms: list("platforms"),
    rebuild: Number(inputs.rebuild ?? 0),
    parents: Object.fromEntries(parentsIn(inputs).map(({ name, digest }) => [name, digest])),
    options: optionsOf({
      compression: String(inputs.compression ?? ""),
      timestamps: inputs.timestamps === "constant" ? inputs.timestamps : undefined,
      labels: map("labels"),
      secretIds: list("secrets"),
    }),
  };
}

function recordIn({ record: { seconds, sizeBytes, addedBytes, commit } }: Built): NonNullable<Why["built"]> {
  return {
    seconds: seconds ?? null,
    sizeBytes: sizeBytes ?? null,
    addedBytes: addedBytes ?? null,
    commit: commit ?? null,
  };
}

const noChange: LastChange = { last: undefined, uncommitted: [], note: undefined };

function unknownChange(error: Error): LastChange {
  return { ...noChange, note: `the commit that last changed it is not known: ${error.message}` };
}
