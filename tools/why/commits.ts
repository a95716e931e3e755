import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import type { Catalog, CatalogLayer } from "../../components/catalog/catalog";
import { planSince, type SincePlan } from "../plan/since";

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

/** How many commits that touch a layer's folders are looked into, and for how long, in milliseconds. */
const most = { commits: 20, time: 20_000 } as const;

/** In milliseconds, for one call of git. */
const timeLimit = 60_000;

/**
 * The commit that last changed what a layer is built from, on the branch that is checked out. A commit that touches its folder, or one of
 * those beneath, need not change it: a README does not. So each is compared with the one before, as `strata plan --since` does. A
 * merge counts as one commit.
 *
 * @param source where the images and the pins are
 * @param folder what all paths are relative to
 */
export async function lastChange(
  layer: CatalogLayer,
  catalog: Catalog,
  source: { readonly images: string; readonly pinsFile: string },
  folder = ".",
): Promise<LastChange> {
  const none = { last: undefined, uncommitted: [] };
  const root = await git(folder, ["rev-parse", "--show-toplevel"]).catch(() => undefined);
  if (root === undefined) return { ...none, note: "the images are in no git repository that can be read" };
  const inRoot = (path: string) => relative(root, resolve(realpathSync(folder), path));
  const paths = [...foldersOf(layer, catalog), source.pinsFile].map(inRoot);
  const log = ["log", "--first-parent", `--max-count=${most.commits + 1}`, "--format=%H%x09%cI%x09%s", "--", ...paths];
  const lines = (await git(root, log).catch(() => "")).split("\n").filter(Boolean);
  if (lines.length === 0) return { ...none, note: "no commit has the layer yet" };
  const shallow = (await git(root, ["rev-parse", "--is-shallow-repository"])) === "true";
  const uncommitted = changeOf(await planSince(resolve(folder, source.images), "HEAD"), layer.name) ?? [];
  const commits = lines.map(readLine);
  const last = await withClone(root, (clone) => firstThatChanges(commits, clone, inRoot(source.images), layer.name));
  if (last === "unknown") {
    return { last: undefined, uncommitted, note: `none of the last ${most.commits} commits there changed it` };
  }
  const oldest = last.commit === commits.at(-1)?.commit;
  if (oldest && shallow) {
    const note =
      "this clone is shallow, and no commit that it has changed the layer; fetch more (git fetch --unshallow)";
    return { last: undefined, uncommitted, note };
  }
  return { last, uncommitted, note: undefined };
}

async function firstThatChanges(
  commits: readonly LayerCommit[],
  clone: string,
  images: string,
  layer: string,
): Promise<LayerCommit | "unknown"> {
  const end = Date.now() + most.time;
  for (const [index, commit] of commits.entries()) {
    const before = commits[index + 1];
    // The first of all made it.
    if (!before) return index < most.commits ? commit : "unknown";
    if (Date.now() > end) return "unknown";
    await git(clone, ["checkout", "--quiet", "--detach", "--force", commit.commit]);
    const reasons = changeOf(await planSince(join(clone, images), before.commit), layer);
    if (reasons) return { ...commit, reasons };
  }
  return "unknown";
}

/** @returns why it changes; undefined where it does not */
function changeOf({ layers }: SincePlan, name: string): readonly string[] | undefined {
  const change = layers.find((layer) => layer.name === name);
  return change === undefined || change.action === "unchanged" ? undefined : change.reasons;
}

/** Where the files of a layer and of those beneath it are. */
function foldersOf(layer: CatalogLayer, catalog: Catalog): string[] {
  const needed = new Set([layer.name]);
  for (const { name, layers } of [...catalog].reverse()) {
    if (needed.has(name)) for (const parent of layers) needed.add(parent);
  }
  const beneath = catalog.filter(({ name }) => needed.has(name));
  return [...new Set(beneath.flatMap(({ context, dockerfilePath }) => [context, join(dockerfilePath, "..")]))];
}

function readLine(line: string): LayerCommit {
  const [commit = "", time = "", ...subject] = line.split("\t");
  return { commit, time, subject: subject.join("\t"), reasons: [] };
}

/** Calls the action with a clone that has no copy of what the repository holds; the repository itself stays as it is. */
async function withClone<T>(root: string, action: (clone: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "strata-why-"));
  try {
    const clone = join(folder, "clone");
    await git(root, ["clone", "--quiet", "--shared", "--no-checkout", root, clone]);
    return await action(clone);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa("git", ["-C", folder, ...args], {
    env: { GIT_OPTIONAL_LOCKS: "0", GIT_DIR: undefined, GIT_INDEX_FILE: undefined, GIT_WORK_TREE: undefined },
    timeout: timeLimit,
    maxBuffer: 1 << 28,
  });
  return stdout;
}
