import type { Catalog } from "../../components/catalog/catalog";
import { diffCatalogs } from "../../components/catalog/diff";
import { InputError } from "../../components/catalog/input-error";
import { commitNamed, git, repositoryOf } from "../../components/git/git";
import { tooShallow } from "../../components/release/commits";
import type { FamilySettings } from "../../components/release/family-at";
import { FamilyHistory, type HistorySource } from "../../components/release/history";
import { workTreeFamily } from "../../components/release/work-tree-family";

/** A commit that changed a layer. */
export interface LayerCommit {
  /** The full id. */
  readonly commit: string;
  /** When it was made, with its zone. @example "2026-11-21T13:38:06+01:00" */
  readonly time: string;
  /** The first line of its message. */
  readonly subject: string;
  /** What of it changed the layer, in the words of `strata plan`; empty where it made the layer. */
  readonly reasons: readonly string[];
}

export interface LastChange {
  readonly last: LayerCommit | undefined;
  /** What in the work tree changes the layer and is in no commit. */
  readonly uncommitted: readonly string[];
  /** Why no commit is named, or what to know of the one that is. */
  readonly note: string | undefined;
}

/** A family and what its stack's configuration says of all images. */
interface Family {
  readonly catalog: Catalog;
  readonly settings: FamilySettings | undefined;
}

/**
 * The commit that last changed what a layer is built from, as release tags name it: see `commitsOf`.
 *
 * @param catalog of the work tree
 */
export async function lastChange(name: string, catalog: Catalog, source: HistorySource): Promise<LastChange> {
  const none = { last: undefined, uncommitted: [] };
  const root = await repositoryOf(source.folder ?? ".");
  if (root === undefined) return { ...none, note: "the images are in no git repository" };
  const head = await commitNamed(root, "HEAD");
  if (head === undefined) return { ...none, note: "no commit has the layer yet" };
  const history = await FamilyHistory.open(root, [head], source);
  try {
    const before = await familyAt(history, head);
    if (!before.catalog.some((layer) => layer.name === name)) return { ...none, note: "no commit has the layer yet" };
    const uncommitted = reasonsFor(name, before, await workTreeFamily(catalog, head, history, source));
    const found = await lastCommit(name, head, history);
    return { last: found, uncommitted, note: found ? undefined : tooShallow([name]).message };
  } finally {
    history.close();
  }
}

/**
 * The commit that last changed a layer, and how.
 *
 * @param start the full id of a commit that has the layer
 * @returns undefined where this clone, being shallow, cannot tell
 */
export async function lastCommit(
  name: string,
  start: string,
  history: FamilyHistory,
): Promise<LayerCommit | undefined> {
  const commit = (await history.lastChanges(start, [name])).found.get(name);
  if (commit === undefined) return undefined;
  const [parent] = await history.parentsOf(commit);
  const before = parent === undefined ? noFamily : await familyAt(history, parent);
  const reasons = reasonsFor(name, before, await familyAt(history, commit));
  return { commit, ...(await messageOf(history.root, commit)), reasons };
}

/** When a commit was made, and the first line of its message. */
export async function messageOf(root: string, commit: string): Promise<Pick<LayerCommit, "time" | "subject">> {
  const line = (await git(root, ["log", "--max-count=1", "--format=%cI%x09%s", commit])).replace(/\n$/, "");
  const [time = "", ...subject] = line.split("\t");
  return { time, subject: subject.join("\t") };
}

const noFamily: Family = { catalog: [], settings: undefined };

/** One that cannot be read is one of no layers. */
async function familyAt(history: FamilyHistory, commit: string): Promise<Family> {
  return history.catalogAt(commit).catch((error: Error) => {
    if (error instanceof InputError) return noFamily;
    throw error;
  });
}

/** Why a layer changes from one family to another; empty for one that is new. */
function reasonsFor(name: string, before: Family, after: Family): string[] {
  const change = diffCatalogs(before.catalog, after.catalog).find((layer) => layer.name === name);
  if (change === undefined || change.action === "new") return [];
  return [...change.reasons, ...settingsReasons(before.settings, after.settings)];
}

/** In the words of `strata plan`. */
function settingsReasons(before: FamilySettings | undefined, after: FamilySettings | undefined): string[] {
  if (!before || !after) return [];
  const keys = new Set([...Object.keys(before.labels), ...Object.keys(after.labels)]);
  const labels = [...keys].filter((key) => before.labels[key] !== after.labels[key]).sort();
  return [...(before.compression === after.compression ? [] : ["compression"]), ...labels.map((key) => `label ${key}`)];
}
