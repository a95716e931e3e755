import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog";
import { readTextIfThere } from "../catalog/read-text";
import { readUpstreams, type Upstream } from "../catalog/upstreams";
import { WorkTree } from "../git/work-tree";
import { StackConfig } from "../stack-config";
import { type FamilySettings, familySettings, identitiesOf } from "./family-at";
import type { FamilyHistory, HistorySource } from "./history";

/** A family of the work tree, in the form that one of a commit has. */
export interface WorkTreeFamily {
  readonly catalog: Catalog;
  readonly settings: FamilySettings;
  /** Of each layer what it is made of, at any depth. */
  readonly identities: ReadonlyMap<string, string>;
}

/**
 * @param read the family as it was read from disk, stand-ins or not
 * @param head the full id of the commit that is checked out
 */
export async function workTreeFamily(
  read: Catalog,
  head: string,
  history: FamilyHistory,
  { folder = ".", pinsFile, configFiles: [own, project] }: HistorySource,
): Promise<WorkTreeFamily> {
  const at = (path: string) => join(folder, path);
  const files = await history.filesOf(head);
  const workTree = await WorkTree.open(realpathSync(history.root), files);
  const configFile = (file: string) => ({ file, text: readTextIfThere(at(file)) });
  const settings = familySettings(new StackConfig(configFile(own), configFile(project)));
  // Which upstreams are replaced on this machine is in no commit.
  const isReplaced = read.some(({ upstreams }) => upstreams.some(({ standIn }) => standIn));
  const pins = isReplaced ? readUpstreams(at(pinsFile)) : new Map<string, Upstream>();
  const catalog = (await workTree.asInGit(read)).map((layer) => ({
    ...layer,
    upstreams: layer.upstreams.map((upstream) => (upstream.standIn ? (pins.get(upstream.name) ?? upstream) : upstream)),
  }));
  const links = await history.submodulesIn(catalog, files, ({ context }) => workTree.placeOf(context));
  const submodules = catalog.map(({ name, context }) => {
    const place = workTree.placeOf(context);
    const found = [...(links.get(name) ?? [])].map(
      ([path, id]) => [path, workTree.submodule(join(place, path), id)] as const,
    );
    return [name, new Map(found)] as const;
  });
  return { catalog, settings, identities: identitiesOf(catalog, settings, new Map(submodules)) };
}
