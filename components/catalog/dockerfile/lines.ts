import { InputError } from "../input-error";
import { plainWords, rawWords } from "./words";

/** A document that stands below an instruction, from `<<EOF` to `EOF`. */
export interface HereDocument {
  readonly name: string;
  /** With the newline of each line; leading tabs are there even for `<<-EOF`. */
  readonly content: string;
}

/** One instruction, its continuation lines joined. */
export interface Instruction {
  /** In upper case. */
  readonly keyword: string;
  /** The values of a flag in order: `--mount=a --mount=b`. A flag without a value has an empty one. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** What comes after keyword and flags, trimmed. */
  readonly rest: string;
  readonly hereDocuments: readonly HereDocument[];
  /** 1-based line of the Dockerfile that it begins on. */
  readonly line: number;
}

export interface DockerfileLines {
  readonly instructions: readonly Instruction[];
  /** The escape character: a backslash, or a backtick where a directive says so. */
  readonly escapeCharacter: "\\" | "`";
  /**
   * The Dockerfile in its normal form, which is what counts and what is built: without comments, blank lines, indentation and
   * trailing white space. Of parser directives it has only escape; the lines of here-documents stay as they are.
   */
  readonly text: string;
  /** For each line of the normal form the 1-based line that it has in the user's file. */
  readonly lines: readonly number[];
  /** Whether a frontend of somebody else's reads the file, of whose rules nothing is known. */
  readonly hasOtherFrontend: boolean;
}

/**
 * Splits a Dockerfile into its instructions, by the rules of BuildKit's parser (frontend/dockerfile/parser).
 *
 * @param file the path to show in errors
 * @throws InputError for a bad directive, a here-document that does not end, and a file without instructions
 * @param refuse told of a `# syntax=` line
 */
export function readLines(source: string, file: string, refuse: (problem: InputError) => void): DockerfileLines {
  const reader = new LineReader(source.replace(/^\uFEFF/, ""), file, refuse);
  return reader.read();
}

/** White space that separates words; a newline never gets here. */
export const whiteSpace = /[\t\v\f\r ]+/;

class LineReader {
  private readonly source: readonly string[];
  private readonly kept: string[] = [];
  private readonly lines: number[] = [];
  private readonly instructions: Instruction[] = [];
  private readonly directives = new Set<string>();
  private directivesMayFollow = true;
  private escapeCharacter: "\\" | "`" = "\\";
  private hasOtherFrontend = false;
  private at = 0;

  constructor(
    source: string,
    private readonly file: string,
    private readonly refuse: (problem: InputError) => void,
  ) {
    this.source = source.split("\n");
    if (this.source.at(-1) === "") this.source = this.source.slice(0, -1);
  }

  read(): DockerfileLines {
    this.refuseSyntax();
    for (; this.at < this.source.length; this.at++) {
      const line = this.current().trimStart();
      if (this.readDirective(line) || line === "" || line.startsWith("#")) continue;
      this.readInstruction(line);
    }
    if (this.instructions.length === 0) throw new InputError(this.file, "has no instruction; the first must be FROM");
    const text = this.kept.map((line) => `${line}\n`).join("");
    const { instructions, escapeCharacter, lines, hasOtherFrontend } = this;
    return { instructions, escapeCharacter, text, lines, hasOtherFrontend };
  }

  private readInstruction(first: string): void {
    const line = this.at + 1;
    this.keep(withoutTrailingSpace(first));
    let [joined, ended] = this.withoutContinuation(first);
    while (!ended && this.at + 1 < this.source.length) {
      this.at++;
      const next = this.current();
      if (next.trim() === "" || next.trimStart().startsWith("#")) continue;
      this.keep(withoutTrailingSpace(next));
      const [part, end] = this.withoutContinuation(next);
      joined += part;
      ended = end;
    }
    // A lone continuation character before the end of the file.
    if (joined.trim() === "") return;
    const instruction = readInstruction(joined, this.escapeCharacter, line);
    this.instructions.push({ ...instruction, hereDocuments: this.readHereDocuments(joined, instruction) });
  }

  private readHereDocuments(joined: string, instruction: Instruction): HereDocument[] {
    if (!joined.includes("<<") || !mayHaveHereDocuments(instruction)) return [];
    return hereDocumentsOf(joined).map(({ name, chomp }) => {
      let content = "";
      while (++this.at < this.source.length) {
        const line = this.source[this.at] as string;
        this.keep(line);
        const candidate = this.current();
        if ((chomp ? candidate.replace(/^\t+/, "") : candidate) === name) return { name, content };
        content += `${line}\n`;
      }
      throw new InputError(
        `${this.file}:${instruction.line}`,
        `the here-document does not end; close it with a line ${name}`,
      );
    });
  }

  /**
   * Directives stand above everything else: comments `# name=value` of these names, each once. Only escape is kept: a syntax line is
   * refused where it counts, and would come to count without the white space before it; a check line can only make a build fail.
   */
  private readDirective(line: string): boolean {
    if (!this.directivesMayFollow) return false;
    const [, name, value] = directive.exec(line) ?? [];
    const key = name?.toLowerCase() ?? "";
    if (!value || !directives.includes(key)) {
      this.directivesMayFollow = false;
      return false;
    }
    const place = `${this.file}:${this.at + 1}`;
    if (this.directives.has(key)) throw new InputError(place, `the directive ${key} is given twice`);
    this.directives.add(key);
    if (key !== "escape") return true;
    if (value !== "\\" && value !== "`") throw new InputError(place, `escape is ${value}; it can be \\ or \``);
    this.escapeCharacter = value;
    this.keep(`# escape=${value}`);
    return true;
  }

  /** BuildKit takes the directive from a comment with # or //, also below a line with #!, and from a JSON object. */
  private refuseSyntax(): void {
    const first = this.source[0]?.startsWith("#!") ? 1 : 0;
    const lines = this.source.slice(first).map((line) => line.replace(/\r$/, ""));
    const slashed = lines.map((line) => (line.startsWith("//") ? `#${line.slice(2)}` : ""));
    const found = [lines, slashed].map(syntaxLineOf).find((line) => line !== undefined);
    const isJson = found === undefined && /^\s*\{.*"syntax"\s*:\s*"/s.test(this.source.join("\n"));
    if (found === undefined && !isJson) return;
    this.hasOtherFrontend = isJson || !docker.test(found?.frontend ?? "");
    const place = `${this.file}:${first + (found?.index ?? 0) + 1}`;
    const why = "a syntax line makes BuildKit fetch a frontend from the internet at every build";
    this.refuse(new InputError(place, `${why}; remove it, BuildKit's own is current`));
  }

  private withoutContinuation(line: string): [string, boolean] {
    const end = withoutTrailingSpace(line);
    const continues = end.endsWith(this.escapeCharacter) && end.at(-2) !== this.escapeCharacter;
    return continues ? [end.slice(0, -1), false] : [line, true];
  }

  private current(): string {
    return (this.source[this.at] as string).replace(/\r+$/, "");
  }

  private keep(line: string): void {
    this.kept.push(line);
    this.lines.push(this.at + 1);
  }
}

/** Reads one instruction from its joined line, without here-documents. */
export function readInstruction(joined: string, escapeCharacter: string, line: number): Instruction {
  const [, keyword = "", after = ""] = /^([^\t\v\f\r ]+)[\t\v\f\r ]*(.*)$/s.exec(joined.trim()) ?? [];
  const { flags, rest } = readFlags(after, escapeCharacter);
  return { keyword: keyword.toUpperCase(), flags, rest: rest.trim(), hereDocuments: [], line };
}

/** The instruction that ONBUILD carries, as the images upon this one will read it: with the escape character that is the default. */
export function triggerOf({ rest, hereDocuments, line }: Instruction): Instruction {
  return { ...readInstruction(rest, "\\", line), hereDocuments };
}

/** Flags come first, begin with `--`, and may have quotes in them. A lone `--` ends them. */
function readFlags(text: string, escapeCharacter: string): { flags: Map<string, string[]>; rest: string } {
  const flags = new Map<string, string[]>();
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at++;
    if (!text.startsWith("--", at)) return { flags, rest: text.slice(at) };
    let word = "";
    let quote = "";
    for (; at < text.length && (quote || !/\s/.test(text[at] as string)); at++) {
      const character = text[at] as string;
      if (quote ? character === quote : character === "'" || character === '"') quote = quote ? "" : character;
      else if (character === escapeCharacter) word += text[++at] ?? "";
      else word += character;
    }
    if (word === "--") return { flags, rest: text.slice(at) };
    const [, name = "", value = ""] = /^--([^=]*)=?(.*)$/s.exec(word) ?? [];
    flags.set(name, [...(flags.get(name) ?? []), value]);
  }
}

function mayHaveHereDocuments(instruction: Instruction): boolean {
  const carrier = instruction.keyword === "ONBUILD" ? triggerOf(instruction) : instruction;
  return ["ADD", "COPY", "RUN"].includes(carrier.keyword) && !isJsonList(carrier.rest);
}

/** The here-documents that a line announces: `<<EOF`, `<<-EOF`, `3<<"EOF"`, `<< EOF`. */
export function hereDocumentsOf(text: string): { name: string; chomp: boolean }[] {
  let words: string[];
  try {
    words = rawWords(text);
  } catch {
    // A quote that is not closed is the shell's business.
    return [];
  }
  return words.flatMap((word) => {
    const [, dash, raw] = /^\d*<<(-?)\s*([^<]+)$/.exec(word) ?? [];
    const names = raw ? plainWords(raw) : [];
    return names.length === 1 ? [{ name: names[0] as string, chomp: dash === "-" }] : [];
  });
}

/** The strings of a JSON array; undefined for anything else. @throws SyntaxError for an array with anything but strings */
export function jsonList(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  if (list.some((entry) => typeof entry !== "string")) throw new SyntaxError("a JSON list may only hold strings");
  return list as string[];
}

function isJsonList(text: string): boolean {
  try {
    return jsonList(text) !== undefined;
  } catch {
    return true;
  }
}

function withoutTrailingSpace(line: string): string {
  let end = line.length;
  while (line[end - 1] === " " || line[end - 1] === "\t") end--;
  return line.slice(0, end);
}

const directives = ["syntax", "escape", "check"];
const directive = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/** Docker's own frontend, which reads as BuildKit does. */
const docker = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;

/** A line that names a frontend, among the comments that lines begin with. */
function syntaxLineOf(lines: readonly string[]): { index: number; frontend: string } | undefined {
  for (const [index, line] of lines.entries()) {
    const [, name, value = ""] = directive.exec(line) ?? [];
    if (name?.toLowerCase() === "syntax") return { index, frontend: value.split(" ")[0] as string };
    if (!name || !directives.includes(name.toLowerCase())) return undefined;
  }
  return undefined;
}
