import { InputError } from "../input-error";

/** Written by people: the packages that a stage wants. It lies beside the lock; no step reads it. */
export const wantedFile = "packages.txt";

/** Written by `strata pins`: everything that installing them adds to the image beneath. Steps read it. */
export const lockFile = "packages.lock";

/** A package's name → its version. */
export type Packages = ReadonlyMap<string, string>;

/** A name that packages.txt asks for. */
export interface Wanted {
  /** As the package manager takes it: `openssl`, `libc6:i386`, or `nodejs=20.19.2-1` to hold a version. */
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

/** Of Debian and of Alpine, with an architecture where it is a foreign one. Nothing that a shell or an option parser takes. */
const name = "[A-Za-z0-9][A-Za-z0-9+._-]*(?::[a-z0-9]+)?";
const version = "[A-Za-z0-9][A-Za-z0-9.+~:_-]*";
const wanted = new RegExp(`^${name}(?:=${version})?$`);
const locked = new RegExp(`^(${name})=(${version})$`);

/** Reads packages.txt: a package a line; what follows `#` says why. @throws InputError naming file and line */
export function readWanted(text: string, file: string): Wanted[] {
  return text.split("\n").flatMap((written, index) => {
    const word = written.replace(/#.*/, "").trim();
    if (word === "") return [];
    if (wanted.test(word)) return [{ name: word, line: index + 1 }];
    throw new InputError(`${file}:${index + 1}`, `"${word}" is no package; write one name a line, comments behind #`);
  });
}

/** Reads packages.lock: lines `name=version`. @throws InputError naming file and line */
export function readLock(text: string, file: string): Packages {
  const packages = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const [, name = "", version = ""] = locked.exec(line) ?? [];
    if (name === "" || packages.has(name)) {
      const problem = name === "" ? "expected name=version" : `"${name}" is there twice`;
      throw new LockError(`${file}:${index + 1}`, `${problem}; make it anew with: strata pins --write`);
    }
    packages.set(name, version);
  }
  return packages;
}

/** Sorted, so that a diff shows what has moved and nothing else. */
export function lockText(packages: Packages): string {
  const lines = [...packages].map(([name, version]) => `${name}=${version}\n`);
  return lines.sort().join("");
}

/** What `strata pins --write` puts right: a lock that is missing or cannot be read. */
export class LockError extends InputError {}
