import { buildArguments } from "../catalog/build-arguments";
import { buildId, optionsOf } from "../catalog/build-id";
import type { Catalog } from "../catalog/catalog";
import { type ContextFile, filesText } from "../catalog/files";
import { labelsOf } from "../catalog/labels";
import type { StackConfig } from "../stack-config";

/** What of a stack's configuration goes into every image. */
export interface FamilySettings {
  readonly platforms: readonly string[];
  readonly compression: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The ids of the secrets that the stack has; undefined where its configuration hides them. */
  readonly secrets: ReadonlySet<string> | undefined;
}

export function familySettings(config: StackConfig): FamilySettings {
  const secrets = (config.object("secrets") ?? {}) as Record<string, unknown>;
  return {
    platforms: (config.object("platforms") ?? ["linux/amd64"]) as string[],
    compression: String(config.get("compression") ?? ""),
    labels: (config.object("labels") ?? {}) as Record<string, string>,
    // Set all at once they are one encrypted text.
    secrets: "secure" in secrets ? undefined : new Set(Object.keys(secrets)),
  };
}

/** The submodules in a layer's context: by path what each is at. */
export type Submodules = ReadonlyMap<string, string>;

/**
 * For each layer an identity of all that it is made of, at any depth: as the build id, but with these identities for the digests of
 * layers beneath, so that it is known without a build. A submodule in a context counts as a whole.
 *
 * @param submodules by layer
 * @param known those that are known already
 */
export function identitiesOf(
  catalog: Catalog,
  { compression, labels, secrets }: FamilySettings,
  submodules: ReadonlyMap<string, Submodules>,
  known: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const found = new Map<string, string>();
  for (const layer of catalog) {
    const same = known.get(layer.name);
    if (same !== undefined) {
      found.set(layer.name, same);
      continue;
    }
    const within = submodules.get(layer.name) ?? new Map();
    const given = layer.secrets.map(({ id }) => id).filter((id) => secrets?.has(id) ?? true);
    const options = {
      ...optionsOf({
        compression,
        timestamps: layer.timestamps,
        labels: labelsOf({ ...layer, standIns: [] }, labels),
        secretIds: given,
      }),
      ...Object.fromEntries([...within].map(([path, commit]) => [`submodule:${path}`, commit])),
    };
    const identity = buildId({
      files: filesText(withoutSubmodules(layer.files, within)),
      dockerfile: layer.dockerfile,
      arguments: { ...buildArguments, ...layer.arguments },
      platforms: layer.platforms,
      rebuild: layer.rebuild,
      parents: Object.fromEntries([
        ...layer.upstreams.map(({ name, digest }) => [name, digest]),
        ...layer.layers.map((parent) => [parent, found.get(parent) ?? ""]),
      ]),
      options,
    });
    found.set(layer.name, identity);
  }
  return found;
}

function withoutSubmodules(files: readonly ContextFile[], submodules: Submodules): readonly ContextFile[] {
  const links = [...submodules.keys()];
  if (links.length === 0) return files;
  const isPart = ({ path, mode }: ContextFile) =>
    links.some((link) => `${path}/`.startsWith(`${link}/`) || (mode === "dir" && link.startsWith(`${path}/`)));
  return files.filter((file) => !isPart(file));
}
