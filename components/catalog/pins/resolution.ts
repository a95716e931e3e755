import type { Packages } from "./packages";

/** A package that an install would add to an image, or bring to another version there. */
export interface Resolved {
  readonly name: string;
  readonly version: string;
  /** Whether the version comes from the archive's security suite. Alpine has none. */
  readonly security: boolean;
}

/** What the package manager of an image answered. */
export interface Resolution {
  readonly packages: readonly Resolved[];
  /** Of the packages that were asked for, the versions that the archive has now, as `name=version`. */
  readonly available: ReadonlySet<string>;
}

/**
 * Reads what a package manager printed.
 *
 * @param simulated by `apt-get install --simulate`, or by `apk add --simulate`
 * @param available by `apt-cache madison`, or by `apk policy`
 */
export function readResolution(manager: "apt" | "apk", simulated: string, available: string): Resolution {
  return manager === "apt"
    ? { packages: readApt(simulated), available: new Set(readMadison(available)) }
    : { packages: readApk(simulated), available: new Set(readPolicy(available)) };
}

/** `Inst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])`; the old version may be absent. */
function readApt(text: string): Resolved[] {
  const lines = text.matchAll(/^Inst (\S+) (?:\[\S*\] )?\((\S+) ([^)]*)\)/gm);
  return [...lines].map(([, name = "", version = "", origins = ""]) => ({
    name,
    version,
    security: /security/i.test(origins),
  }));
}

/** `(1/2) Installing musl (1.2.5-r9)`, `(2/2) Upgrading openssl (3.5.1-r0 -> 3.5.2-r0)` */
function readApk(text: string): Resolved[] {
  const lines = text.matchAll(
    /^\(\s*\d+\/\d+\) (?:Installing|Upgrading|Downgrading|Replacing) (\S+) \((?:\S+ -> )?(\S+)\)/gm,
  );
  return [...lines].map(([, name = "", version = ""]) => ({ name, version, security: false }));
}

/** ` openssl | 3.5.1-1 | https://… trixie/main amd64 Packages` */
function readMadison(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [name, version] = line.split("|").map((cell) => cell.trim());
    return name && version ? [`${name}=${version}`] : [];
  });
}

/** `openssl policy:`, and beneath it, indented, a line for each version and, indented further, where it comes from. */
function readPolicy(text: string): string[] {
  let name = "";
  return text.split("\n").flatMap((line) => {
    const [, title] = /^(\S+) policy:$/.exec(line) ?? [];
    if (title) name = title;
    const [, version] = /^ {2}(\S+):$/.exec(line) ?? [];
    return version ? [`${name}=${version}`] : [];
  });
}

/**
 * One resolution for all platforms of a layer, since one list is what its Dockerfile installs.
 *
 * @param resolutions by platform
 * @throws Error that names the packages in which platforms differ
 */
export function sameOnAll(resolutions: ReadonlyMap<string, Resolution>): Resolution {
  const [[first, resolution], ...others] = [...resolutions] as [[string, Resolution], ...[string, Resolution][]];
  const all = textsOf(resolution);
  for (const [platform, other] of others) {
    const texts = textsOf(other);
    const differing = [
      ...[...all].filter((text) => !texts.has(text)).map((text) => `${text} on ${first}`),
      ...[...texts].filter((text) => !all.has(text)).map((text) => `${text} on ${platform}`),
    ];
    if (differing.length === 0) continue;
    const shown = `${differing.slice(0, 5).join(", ")}${differing.length > 5 ? ", …" : ""}`;
    throw new Error(
      `its platforms need different packages (${shown}), and one lock is one list; make a layer for each platform, with platforms in image.yaml`,
    );
  }
  const available = [...resolution.available].filter((pin) => others.every(([, other]) => other.available.has(pin)));
  return { packages: resolution.packages, available: new Set(available) };
}

function textsOf({ packages }: Resolution): Set<string> {
  return new Set(packages.map(({ name, version }) => `${name}=${version}`));
}

export function lockOf({ packages }: Resolution): Packages {
  return new Map(packages.map(({ name, version }) => [name, version]));
}
