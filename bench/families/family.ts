/** A family of images that is built, and the changes that are made to it. */
export interface Family {
  readonly name: string;
  /** Writes its images and all that they read into a project's folder. */
  readonly write: (project: string) => void;
  readonly changes: Readonly<Record<string, Change>>;
  /** The paths whose changes concern a layer, as a user of path filters would list them. @default its own folder */
  readonly paths?: (layer: string) => readonly string[];
}

export interface Change {
  readonly edits: readonly FileEdit[];
  /** The layers whose images must come out new. */
  readonly reaches: readonly string[];
  /** For a forced rebuild: the layer whose steps are to run again though nothing of it changed. */
  readonly rebuilds?: string;
}

/** A file, and what becomes of its text. @param serial another number for each change that is ever made to a copy of the family */
export interface FileEdit {
  readonly path: string;
  readonly edit: (text: string, serial: number) => string;
}

/** Adds a line. @param line %s stands for the serial number */
export function lineAt(path: string, line: string): FileEdit {
  return { path, edit: (text, serial) => `${text}${line.replace("%s", String(serial))}\n` };
}

/** Has a layer's steps run again, as far as image.yaml can say it. */
export function rebuildOf(layer: string): Change {
  const edit = (text: string, serial: number) => `${text.replace(/^rebuild: .*\n/m, "")}rebuild: ${serial}\n`;
  return { edits: [{ path: `images/${layer}/image.yaml`, edit }], reaches: [], rebuilds: layer };
}

/** Debian packages of trixie that are small, need no others, and that no family here has. They move as seldom as a stable release does. */
export const packages: readonly string[] = [
  "figlet=2.2.5-3+b2",
  "sl=5.02-1+b1",
  "bc=1.07.1-4",
  "dc=1.07.1-4",
  "pv=1.9.31-1",
  "ed=1.21.1-1",
  "rig=1.11-1.2",
  "hello=2.10-5",
  "time=1.9-0.2",
  "pwgen=2.08-2",
  "par=1.53.0-2",
  "dos2unix=7.5.2-1",
];

/** The next package that a text does not name, with its version. @throws Error where it names all */
export function packageMissingIn(text: string): string {
  const words = new Set(text.split(/\s+/));
  const found = packages.find((name) => !words.has(name));
  if (!found) throw new Error("the benchmark has no further package to add; name more in bench/families/family.ts");
  return found;
}
