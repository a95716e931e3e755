import {
  type Compared,
  movedUpstreams,
  ownReasons,
  parentReason,
  upstreamReason,
} from "../../components/catalog/reasons";
import { sha256 } from "../../components/catalog/sha256";

/** The inputs, or the outputs, of a resource as the engine's events have them. */
export type Properties = Readonly<Record<string, unknown>>;

/** What the engine writes in a preview in the place of a value that it cannot know yet. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Why a layer changes, from the inputs of its component before and after: what `diffCatalogs` says of the same change, and
 * `compression`, which no catalog knows.
 *
 * One thing the inputs do not hold: `ONBUILD of what is beneath`. The parent that has such steps changes with them, and is named.
 *
 * @param changes whether the layer of a name changes too, of those that the layer did not stand on before
 */
export function layerReasons(before: Properties, after: Properties, changes: (layer: string) => boolean): string[] {
  const files = alignedFiles(text(before.files), text(after.files));
  const own = ownReasons(comparedOf(before, files.before), comparedOf(after, files.after));
  const upstreams = [stringsOf(before.upstreams), stringsOf(after.upstreams)] as const;
  const moved = movedUpstreams(...upstreams).map((name) => upstreamReason(name, ...upstreams));
  const parents = movedParents(before, after, changes).map(parentReason);
  const compression = before.compression === after.compression ? [] : ["compression"];
  const reasons = [...own, ...compression, ...moved, ...parents];
  // Inputs of another version of Strata, for example. A change without a reason would be worse than a crude one.
  return reasons.length > 0 ? reasons : differing(before, after);
}

/**
 * Why an image changes while its layer does not.
 *
 * @param before undefined where the state has no image
 * @param built whether the state has the layer's digest, which an update that failed leaves out
 */
export function imageReasons(before: Properties | undefined, after: Properties, built: boolean): string[] {
  if (!built) return ["not built yet"];
  if (!before) return ["not in the registry"];
  if (repositoryOf(before) !== repositoryOf(after)) return ["repository"];
  // The tag is made of the others.
  const inputs = differing(before, after).filter((input) => input !== "tags");
  return inputs.length > 0 ? inputs : ["tags"];
}

function movedParents(before: Properties, after: Properties, changes: (layer: string) => boolean): string[] {
  const [old, now] = [stringsOf(before.parents), stringsOf(after.parents)];
  // A digest that the preview does not know is that of a layer that changes.
  const moved = Object.keys(now).filter((name) => {
    if (now[name] === unknown) return true;
    return Object.hasOwn(old, name) ? old[name] !== now[name] : changes(name);
  });
  // A layer that is gone leaves its name to an upstream.
  const gone = Object.keys(old).filter((name) => Object.hasOwn(stringsOf(after.upstreams), name));
  return [...moved.sort(), ...gone.sort()];
}

function comparedOf(inputs: Properties, files: ReadonlyMap<string, string>): Compared {
  return {
    files,
    dockerfile: text(inputs.dockerfile),
    inherited: [],
    arguments: stringsOf(inputs.arguments),
    labels: stringsOf(inputs.labels),
    platforms: Array.isArray(inputs.platforms) ? inputs.platforms.map(String) : [],
    timestamps: inputs.timestamps === "constant" ? inputs.timestamps : undefined,
    rebuild: Number(inputs.rebuild ?? 0),
  };
}

interface FileLine {
  readonly path: string;
  readonly identity: string;
  readonly line: string;
}

/**
 * The files before and after, by path. A folder that only one of them has as one line, `hash tree path/`, is compared as one in the
 * other too: with more than 500 files a few more can close a folder in which nothing changes. That can be told where the other has
 * no folder closed within.
 */
function alignedFiles(before: string, after: string): Record<"before" | "after", ReadonlyMap<string, string>> {
  const [old, now] = [fileLines(before), fileLines(after)];
  const folders = [...old, ...now].filter(({ identity }) => identity.endsWith(" tree")).map(({ path }) => path);
  const closed = new Set(folders.filter((path) => !folders.some((other) => other !== path && path.startsWith(other))));
  return { before: withClosed(old, closed), after: withClosed(now, closed) };
}

function withClosed(files: readonly FileLine[], closed: ReadonlySet<string>): Map<string, string> {
  const result = new Map<string, string>();
  const within = new Map<string, string>();
  for (const { path, identity, line } of files) {
    const folder = closed.has(path) ? undefined : foldersOf(path).find((candidate) => closed.has(candidate));
    if (folder === undefined) result.set(path, identity);
    else within.set(folder, `${within.get(folder) ?? ""}${line}\n`);
  }
  for (const [folder, lines] of within) result.set(folder, `${sha256(lines)} tree`);
  return result;
}

/** `a/b/c` → `a/`, `a/b/` */
function foldersOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));
}

/** The lines of a layer's files, as `filesText` writes them. */
export function fileLines(files: string): FileLine[] {
  // A path may have a line's end in it, so what parts lines is how the next one begins.
  const lines = files === "" ? [] : files.replace(/\n$/, "").split(/\n(?=[0-9a-f]{64} [0-9a-z]+ )/);
  return lines.map((line) => {
    const at = line.indexOf(" ", line.indexOf(" ") + 1);
    return { line, identity: line.slice(0, at), path: line.slice(at + 1) };
  });
}

function repositoryOf({ tags }: Properties): string | undefined {
  const [tag] = Array.isArray(tags) ? tags : [];
  return typeof tag === "string" ? tag.slice(0, tag.lastIndexOf(":")) : undefined;
}

function differing(before: Properties, after: Properties): string[] {
  return Object.keys({ ...before, ...after }).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
}
