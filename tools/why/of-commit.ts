import { InputError } from "../../components/catalog/input-error";
import { commitAt, commitNamed, repositoryOf } from "../../components/git/git";
import type { ImagePlace } from "../../components/naming";
import { askRegistry } from "../../components/registry";
import { tooShallow } from "../../components/release/commits";
import { FamilyHistory, type HistorySource } from "../../components/release/history";
import type { Environment } from "../stack/environment";
import { unknownLayer } from "../stack/unknown-layer";
import { lastCommit, messageOf } from "./commits";
import type { CommitImage } from "./shape";

export interface CommitImageOptions {
  readonly stack: string;
  /** What git takes for a commit. */
  readonly commit: string;
  readonly source: HistorySource;
  /** Where the layer's image goes now. */
  readonly place: ImagePlace;
}

/**
 * The image of a layer that a commit stands for: that of the commit, this one or an earlier, which last changed the layer, by the tag that has
 * its name.
 *
 * @throws InputError for a commit or a layer that there is not, and where a shallow clone cannot tell; RegistryError where the registry
 *   cannot be asked
 */
export async function commitImage(layer: string, options: CommitImageOptions, env: Environment): Promise<CommitImage> {
  const { source, stack } = options;
  const folder = source.folder ?? ".";
  const root = await repositoryOf(folder);
  if (root === undefined) throw new InputError("--commit", "the images are in no git repository");
  const asked = await commitAt(root, options.commit, "--commit");
  // Which files git tracks is told by what is checked out too: the answer is to be that of a checkout of either.
  const head = (await commitNamed(root, "HEAD")) ?? asked;
  const history = await FamilyHistory.open(root, [head, asked], source);
  try {
    const { catalog } = await history.catalogAt(asked);
    const names = catalog.map(({ name }) => name);
    if (!names.includes(layer)) {
      throw new InputError("--commit", unknownLayer(layer, names, `in the commit ${asked.slice(0, 12)}`));
    }
    const changed = await lastCommit(layer, asked, history);
    if (changed === undefined) throw tooShallow([layer]);
    const { repository, tagPrefix } = options.place;
    const tag = `${repository}:${tagPrefix}${changed.commit}`;
    const digest = (await askRegistry(["image", "digest", tag], tag, env))?.trim() ?? null;
    return {
      version: 1,
      stack,
      layer,
      commit: { commit: asked, ...(await messageOf(root, asked)) },
      changed: { ...changed, reasons: [...changed.reasons] },
      tag,
      digest,
      ref: digest === null ? null : `${repository}@${digest}`,
    };
  } finally {
    history.close();
  }
}
