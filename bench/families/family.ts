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

/** Small Debian packages that need no others and that no family here has. */
const packages = ["figlet", "sl", "bc", "dc", "pv", "ed", "rig", "hello", "toilet", "cowsay"] as const;

/** The next package that a text does not name. @throws Error where it names all */
export function packageMissingIn(text: string): string {
  const found = packages.find((name) => !new RegExp(`(^|\\s)${name}(\\s|$)`, "m").test(text));
  if (!found) throw new Error(`the benchmark has no further package to add; all of ${packages.join(", ")} are there`);
  return found;
}
