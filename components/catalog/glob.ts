/** Whether a path of a COPY is a pattern. */
export function hasWildcard(path: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(path);
}

const matchers = new Map<string, (name: string) => boolean>();

/**
 * Go's path.Match for one part of a path: `*`, `?`, `[a-z]`, `[^a]`, and a backslash before a plain character.
 *
 * @throws Error for a bracket that is not closed
 */
export function matcher(pattern: string): (name: string) => boolean {
  const known = matchers.get(pattern);
  if (known) return known;
  const regular = regularExpression(pattern);
  const match = (name: string) => regular.test(name);
  matchers.set(pattern, match);
  return match;
}

function regularExpression(pattern: string): RegExp {
  const tokens = /\\(.)|\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|([$^.+(){}|\]])/gsu;
  try {
    return new RegExp(`^${pattern.replace(tokens, translate)}$`, "su");
  } catch {
    throw new Error(`"${pattern}" is no pattern that COPY knows; close the bracket, or put a backslash before it`);
  }
}

function translate(all: string, escaped?: string, not?: string, set?: string, plain?: string): string {
  if (all === "*") return "[^/]*";
  if (all === "?") return "[^/]";
  if (set !== undefined) return `[${not ?? ""}${set.replace(/[[&~|^]/g, "\\$&")}]`;
  const character = escaped ?? plain ?? all;
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
