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
  // What is left open: a bracket, or a backslash before nothing.
  if (/(?:^|[^\\])(?:\\\\)*(?:\\|\[[^\]]*)$/su.test(pattern)) throw new Error(badPattern(pattern));
  const tokens = /\\(.)|\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|([$^.+(){}|\]])/gsu;
  try {
    return new RegExp(`^${pattern.replace(tokens, translate)}$`, "su");
  } catch {
    throw new Error(badPattern(pattern));
  }
}

function badPattern(pattern: string): string {
  return `"${pattern}" is no pattern; close the bracket, or put a backslash before it`;
}

function translate(all: string, escaped?: string, not?: string, set?: string, plain?: string): string {
  if (all === "*") return "[^/]*";
  if (all === "?") return "[^/]";
  if (set !== undefined)
    return `[${not ?? ""}${set.replace(/\\(.)|([[^])/gsu, (_, quoted, special) => characterOf(quoted ?? special))}]`;
  return characterOf(escaped ?? plain ?? all);
}

function characterOf(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
