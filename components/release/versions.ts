import { compare, parse, type SemVer } from "semver";

/** As https://semver.org has it, with or without a `v` before it; undefined for any other name of a version. */
function semantic(version: string): { readonly v: string; readonly parsed: SemVer } | undefined {
  const [, v = "", rest = ""] = /^(v?)(\d.*)$/.exec(version) ?? [];
  const parsed = parse(rest);
  // What it takes for a version and would write in another way, such as one with a + in it, is none.
  return parsed && parsed.version === rest ? { v, parsed } : undefined;
}

function isRelease(found: ReturnType<typeof semantic>): found is NonNullable<typeof found> {
  return found !== undefined && found.parsed.prerelease.length === 0;
}

/**
 * The shorter names that a version is known by while no newer one is: `1.2.3` → `1.2`, `1`. Versions below 1.0.0 promise nothing to
 * one another across `0.x`, so `0.4.1` has only `0.4`. A pre-release has none, and what is no semantic version has none.
 */
export function shorterNames(version: string): string[] {
  const found = semantic(version);
  if (!isRelease(found)) return [];
  const { major, minor } = found.parsed;
  return [`${found.v}${major}.${minor}`, ...(major > 0 ? [`${found.v}${major}`] : [])];
}

/** Whether any of them is a semantic version, a pre-release or not: other names say nothing of older and newer. */
export function anySemantic(versions: readonly string[]): boolean {
  return versions.some((version) => semantic(version) !== undefined);
}

/** The newest of some versions, pre-releases and names that are no semantic versions left aside; undefined for none. */
export function newestRelease(versions: readonly string[]): string | undefined {
  return versions.filter((version) => isRelease(semantic(version))).reduce<string | undefined>(newer, undefined);
}

function newer(one: string | undefined, other: string): string {
  if (one === undefined) return other;
  const [a, b] = [semantic(one), semantic(other)];
  return a && b && compare(a.parsed, b.parsed) < 0 ? other : one;
}

/** For each shorter name the newest of the versions that it stands for. @example ["1.2.3", "1.3.0"] → 1.2 → 1.2.3, 1.3 → 1.3.0, 1 → 1.3.0 */
export function newestByShorterName(versions: readonly string[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const version of versions) {
    for (const name of shorterNames(version)) newest.set(name, newer(newest.get(name), version));
  }
  return newest;
}

/** The version of the same precedence that is written in another way: `v1.2.3` beside `1.2.3`. */
export function otherSpelling(version: string, versions: readonly string[]): string | undefined {
  const found = semantic(version);
  return versions.find((other) => {
    const known = semantic(other);
    return other !== version && found && known && compare(found.parsed, known.parsed) === 0;
  });
}
