import { buildId, type Ingredients } from "./build-id";
import type { Action } from "./diff";
import type { Digests } from "./reasons";

/** What an image was made of. */
export interface LastBuild {
  readonly buildId: string;
  /** The digests of the images beneath, by the name that the Dockerfile uses. */
  readonly parents: Digests;
}

/**
 * What an update does with a layer, from what its image was last made of and what it is made of now: `diffCatalogs` without the
 * catalog of that time.
 *
 * @param now the digest of an image beneath may be anything where it is not known yet, but one that it had
 * @param runsInside the images beneath whose change makes steps run
 */
export function actionOf(
  now: Ingredients,
  last: LastBuild | undefined,
  runsInside: readonly string[],
): Exclude<Action, "removed"> {
  if (!last) return "new";
  if (buildId(now) === last.buildId) return "unchanged";
  const kept = Object.keys(now.parents).filter((name) => Object.hasOwn(last.parents, name));
  const before = Object.fromEntries(kept.map((name) => [name, last.parents[name] as string]));
  // On what it stood on then it would be the same image: all that changed is beneath.
  if (buildId({ ...now, parents: { ...now.parents, ...before } }) !== last.buildId) return "build";
  return kept.some((name) => before[name] !== now.parents[name] && runsInside.includes(name)) ? "build" : "rebase";
}
