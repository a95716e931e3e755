import type { Timestamps } from "./catalog";
import { baseNameLabel } from "./labels";
import { standInLabel } from "./stand-ins";

/** What two states of a layer are compared by, the images beneath left out. */
export interface Compared {
  /** In its normal form. */
  readonly dockerfile: string;
  /** By path, what tells one content of a file from another. */
  readonly files: ReadonlyMap<string, string>;
  /** The ONBUILD steps of the images beneath, as text. */
  readonly inherited: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  readonly timestamps: Timestamps;
  readonly rebuild: number;
}

/** Digests by name. */
export type Digests = Readonly<Record<string, string>>;

/** Why a layer changes by itself, in the words of `LayerChange.reasons`. Empty where it does not. */
export function ownReasons(before: Compared, after: Compared): string[] {
  const all = [
    ...(before.dockerfile === after.dockerfile ? [] : ["M Dockerfile"]),
    ...fileReasons(before.files, after.files),
    ...(String(before.inherited) === String(after.inherited) ? [] : ["ONBUILD of what is beneath"]),
    ...changedKeys(asMap(before.arguments), asMap(after.arguments)).map((argument) => `argument ${argument}`),
    ...changedLabels(before.labels, after.labels).map((label) => `label ${label}`),
    ...(String([...before.platforms].sort()) === String([...after.platforms].sort()) ? [] : ["platform"]),
    ...(before.timestamps === after.timestamps ? [] : ["timestamps"]),
    ...(before.rebuild === after.rebuild ? [] : [`rebuild ${before.rebuild}→${after.rebuild}`]),
  ];
  // A context may have its Dockerfile in it, as a file like any other.
  return [...new Set(all)];
}

/** The upstreams that both have, with another digest. One that is new or gone is a change of the Dockerfile. */
export function movedUpstreams(before: Digests, after: Digests): string[] {
  return Object.keys(after)
    .filter((name) => Object.hasOwn(before, name) && before[name] !== after[name])
    .sort();
}

export function upstreamReason(name: string, before: Digests, after: Digests): string {
  return `upstream ${name} ${short(before[name] as string)}→${short(after[name] as string)}`;
}

export function parentReason(name: string): string {
  return `parent ${name}`;
}

/** The image beneath that a reason is about; undefined for one of the layer's own. */
export function movedImage(reason: string): string | undefined {
  return /^parent (.+)$/.exec(reason)?.[1] ?? /^upstream (.+) \S+→\S+$/.exec(reason)?.[1];
}

function changedLabels(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  // What an image stands on changes with the Dockerfile, an argument or what is beneath, and that is the reason.
  return changedKeys(asMap(before), asMap(after)).filter((label) => label !== baseNameLabel && label !== standInLabel);
}

function fileReasons(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const letter = (path: string) => (!before.has(path) ? "A" : after.has(path) ? "M" : "D");
  return changedKeys(before, after).map((path) => `${letter(path)} ${path}`);
}

function changedKeys(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

function asMap(record: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(record));
}

/** Enough of a digest to tell two apart. */
function short(digest: string): string {
  const [algorithm, hex] = digest.split(":");
  return hex === undefined ? (algorithm ?? "") : `${hex.slice(0, 8)}…`;
}
