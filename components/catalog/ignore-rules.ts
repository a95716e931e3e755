import { join } from "node:path";
import { disk, type FileSystem } from "./file-system";
import { matcher } from "./glob";
import { InputError } from "./input-error";
import { readTextIfThere } from "./read-text";

interface Pattern {
  /** Begins with `!`: what it matches is in after all. */
  readonly readmits: boolean;
  readonly matches: (path: string) => boolean;
}

/**
 * What an ignore file leaves out, as BuildKit has it (moby/patternmatcher, MatchesUsingParentResults): the patterns are tried in
 * order, each only where it would change the outcome, and one that matched a folder also matches all that is in it.
 */
export class IgnoreRules {
  private readonly readmits: boolean;
  /** For each folder which patterns matched it, or one above it. */
  private readonly folders = new Map<string, readonly boolean[]>();

  constructor(private readonly patterns: readonly Pattern[]) {
    this.readmits = patterns.some((pattern) => pattern.readmits);
  }

  /** Whether a file, link or folder is left out. */
  ignores(path: string): boolean {
    return this.patterns.length > 0 && this.try(path).ignored;
  }

  /** Whether nothing beneath a folder can be left in, so that it need not be looked into. */
  ignoresAllOf(folder: string): boolean {
    return !this.readmits && this.ignores(folder);
  }

  private try(path: string): { ignored: boolean; matched: readonly boolean[] } {
    const slash = path.lastIndexOf("/");
    const above = slash === -1 ? undefined : this.matchedOf(path.slice(0, slash));
    let ignored = false;
    const matched = this.patterns.map((pattern, index) => {
      const matches = above?.[index] || (pattern.readmits === ignored && pattern.matches(path));
      if (matches) ignored = !pattern.readmits;
      return matches;
    });
    return { ignored, matched };
  }

  private matchedOf(folder: string): readonly boolean[] {
    let matched = this.folders.get(folder);
    if (!matched) {
      matched = this.try(folder).matched;
      this.folders.set(folder, matched);
    }
    return matched;
  }
}

/**
 * Reads `<Dockerfile>.dockerignore` beside the Dockerfile, or else the context's `.dockerignore`, as BuildKit does: the
 * first of the two replaces the other, also where it is empty.
 *
 * @param isThere whether a file counts; by default any that is on disk does
 * @throws InputError for a pattern that BuildKit would refuse
 */
export function readIgnoreRules(
  dockerfile: string,
  context: string,
  isThere?: (file: string) => boolean,
  system: FileSystem = disk,
): IgnoreRules {
  for (const file of [`${dockerfile}.dockerignore`, join(context, ".dockerignore")]) {
    const text = isThere?.(file) === false ? undefined : readTextIfThere(file, system);
    if (text !== undefined) return new IgnoreRules(readPatterns(text, file));
  }
  return new IgnoreRules([]);
}

function readPatterns(text: string, file: string): Pattern[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((line, index) => {
      if (line.startsWith("#") || line.trim() === "") return [];
      const readmits = line.trim().startsWith("!");
      const pattern = cleaned(
        line
          .trim()
          .slice(readmits ? 1 : 0)
          .trim(),
      );
      if (pattern === "") throw new InputError(`${file}:${index + 1}`, "an exception needs a pattern behind its !");
      try {
        return [{ readmits, matches: compile(pattern) }];
      } catch (error) {
        throw new InputError(`${file}:${index + 1}`, (error as Error).message);
      }
    });
}

/** As Go's path.Clean, and without the leading slash, which means the context's top. */
function cleaned(pattern: string): string {
  if (pattern === "") return "";
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "..") {
      if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else if (!pattern.startsWith("/")) parts.push(part);
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/") || (pattern.startsWith("/") ? "/" : ".");
}

/** A pattern as moby/patternmatcher has it, whose kinds of patterns differ in what they take for special. */
function compile(pattern: string): (path: string) => boolean {
  for (const part of pattern.split("/")) matcher(part);
  let source = "^";
  let kind: "exact" | "prefix" | "suffix" | "regular" = "exact";
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*" && characters[at + 1] === "*") {
      const isFirst = at === 0;
      at += characters[at + 2] === "/" ? 2 : 1;
      if (at + 1 < characters.length) {
        source += "(?:.*/)?";
        kind = "regular";
      } else if (kind === "exact") {
        kind = "prefix";
      } else {
        source += ".*";
        kind = "regular";
      }
      if (isFirst) kind = "suffix";
    } else if (character === "*" || character === "?") {
      source += character === "*" ? "[^/]*" : "[^/]";
      kind = "regular";
    } else if (character === "\\" && at + 1 < characters.length) {
      source += `\\${characters[++at]}`;
      kind = "regular";
    } else if (character === "[" || character === "]") {
      source += character;
      kind = "regular";
    } else {
      source += /[.+()|{}$\\]/.test(character) ? `\\${character}` : character;
    }
  }
  if (kind === "exact") return (path) => path === pattern;
  if (kind === "prefix") return (path) => path.startsWith(pattern.slice(0, pattern.endsWith("/") ? -3 : -2));
  if (kind === "suffix") {
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
  }
  const regular = regularExpression(`${source}$`);
  return (path) => regular.test(path);
}

function regularExpression(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    // With that flag JavaScript allows fewer escapes than Go does.
    return new RegExp(source);
  }
}
