/** The value of a variable that only a build would know, such as one that the image beneath may set. */
export const unknown = Symbol("unknown");

/** Gives a variable's value; undefined for one that is not set. */
export type Lookup = (name: string) => string | undefined | typeof unknown;

export interface Expanded {
  readonly text: string;
  /** False where the text depends on a variable whose value is unknown. */
  readonly certain: boolean;
}

/**
 * Expands the variables of a word and takes its quotes away, as BuildKit's shell lexer does: `$X`, `${X}`, `${X:-a}`,
 * `${X:+a}`, `${X:?a}`, `${X#a}`, `${X##a}`, `${X%a}`, `${X%%a}`, `${X/a/b}`, `${X//a/b}`.
 *
 * @param escapeCharacter the Dockerfile's escape character
 * @throws Error with the reason for a quote or a brace that is not closed, and for an unset `${X:?…}`
 */
export function expand(word: string, lookup: Lookup, escapeCharacter: string): Expanded {
  const lexer = new Lexer(word, lookup, { escapeCharacter });
  const { text } = lexer.readUntil(undefined, false);
  return { text, certain: lexer.certain };
}

/** Splits at white space outside quotes; quotes, escapes and variables stay as they are. @throws Error for an open quote */
export function rawWords(text: string): string[] {
  const options = { escapeCharacter: "\\", rawQuotes: true, keepUnset: true };
  return new Lexer(text, () => undefined, options).readUntil(undefined, true).words;
}

/** Splits at white space outside quotes, and takes quotes and escapes away. @throws Error for an open quote */
export function plainWords(text: string): string[] {
  return new Lexer(text, () => undefined, { escapeCharacter: "\\", keepUnset: true }).readUntil(undefined, false).words;
}

interface Options {
  readonly escapeCharacter: string;
  readonly rawQuotes?: boolean;
  /** Leave a variable that is not set as it is written. */
  readonly keepUnset?: boolean;
}

class Lexer {
  certain = true;
  private readonly characters: readonly string[];
  private at = 0;

  constructor(
    text: string,
    private readonly lookup: Lookup,
    private readonly options: Options,
  ) {
    this.characters = Array.from(text);
  }

  readUntil(stop: string | undefined, rawEscapes: boolean): { text: string; words: string[] } {
    let text = "";
    const words = new Words();
    for (let character = this.peek(); character !== undefined; character = this.peek()) {
      if (character === stop) {
        this.at++;
        return { text, words: words.all() };
      }
      let read: string;
      if (character === "$") {
        read = this.readVariable();
        words.addSplit(read);
      } else if (character === "'" || character === '"') {
        read = character === "'" ? this.readSingleQuoted() : this.readDoubleQuoted(rawEscapes);
        words.add(read);
      } else if (character === "<") {
        read = this.readRedirection();
        words.add(read);
      } else {
        this.at++;
        read = character;
        if (character === this.options.escapeCharacter) {
          const escaped = this.characters[this.at++];
          read = (rawEscapes ? character : "") + (escaped ?? "");
          words.add(read);
        } else {
          words.addSplit(read);
        }
      }
      text += read;
    }
    if (stop !== undefined) throw new Error(`there is no ${stop} to end it`);
    return { text, words: words.all() };
  }

  private peek(): string | undefined {
    return this.characters[this.at];
  }

  private readSingleQuoted(): string {
    const end = this.characters.indexOf("'", this.at + 1);
    if (end === -1) throw new Error("a single quote is not closed");
    const inner = this.characters.slice(this.at + 1, end).join("");
    this.at = end + 1;
    return this.options.rawQuotes ? `'${inner}'` : inner;
  }

  private readDoubleQuoted(rawEscapes: boolean): string {
    const quote = this.options.rawQuotes ? '"' : "";
    let text = quote;
    this.at++;
    for (;;) {
      const character = this.peek();
      if (character === undefined) throw new Error("a double quote is not closed");
      if (character === '"') {
        this.at++;
        return text + quote;
      }
      if (character === "$") {
        text += this.readVariable();
        continue;
      }
      this.at++;
      if (character !== this.options.escapeCharacter) {
        text += character;
        continue;
      }
      if (rawEscapes) text += character;
      const escaped = this.peek();
      if (escaped === undefined) continue;
      if (escaped === '"' || escaped === "$" || escaped === this.options.escapeCharacter) {
        text += escaped;
        this.at++;
      } else {
        text += character;
      }
    }
  }

  /** `<<`, with the white space that may stand before the word of a here-document. */
  private readRedirection(): string {
    this.at++;
    if (this.peek() !== "<") return "<";
    let text = "<<";
    for (this.at++; /^[\t\r ]$/.test(this.peek() ?? ""); this.at++) text += this.peek();
    return text;
  }

  private readVariable(): string {
    this.at++;
    if (this.peek() !== "{") {
      const name = this.readName();
      if (name === "") return "$";
      return this.valueOf(name) ?? (this.options.keepUnset ? `$${name}` : "");
    }
    this.at++;
    if (/^[{}:]?$/.test(this.peek() ?? "")) throw new Error("a brace after $ needs the name of a variable");
    const name = this.readName();
    const operator = this.characters[this.at++];
    if (operator === "}") return this.valueOf(name) ?? (this.options.keepUnset ? `\${${name}}` : "");
    if (operator === "/") return this.readReplacement(name);
    const emptyIsUnset = operator === ":";
    const kind = emptyIsUnset ? this.characters[this.at++] : operator;
    const trims = kind === "#" || kind === "%";
    if (kind === undefined || !/^[-+?#%]$/.test(kind) || (trims && emptyIsUnset)) {
      throw new Error(`\${${name}${operator ?? ""}…} is no form that Dockerfiles have`);
    }
    const { text: word } = this.readUntil("}", trims);
    const value = this.valueOf(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}${emptyIsUnset ? ":" : ""}${kind}${word}}`;
    const isSet = value !== undefined && !(emptyIsUnset && value === "");
    if (kind === "-") return isSet ? value : word;
    if (kind === "+") return isSet ? word : "";
    if (kind === "?") {
      if (isSet || !this.certain) return value ?? "";
      throw new Error(`${name}: ${word || "must be set"}`);
    }
    return trim(value ?? "", word, kind as "#" | "%");
  }

  private readReplacement(name: string): string {
    const all = this.peek() === "/";
    if (all) this.at++;
    const { text: pattern } = this.readUntil("/", true);
    const { text: replacement } = this.readUntil("}", true);
    const value = this.valueOf(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}/${pattern}/${replacement}}`;
    return replaced(value ?? "", shellPattern(pattern), replacement, all);
  }

  private valueOf(name: string): string | undefined {
    const value = this.lookup(name);
    if (value !== unknown) return value;
    this.certain = false;
    return "";
  }

  private readName(): string {
    const first = this.peek() ?? "";
    if (/[@*#?\-$!]/.test(first)) {
      this.at++;
      return first;
    }
    // What begins with a digit is one of a program's arguments, and ends with the last digit.
    const part = /\p{Nd}/u.test(first) ? /^\p{Nd}$/u : /^[\p{L}\p{Nd}_]$/u;
    let name = "";
    while (part.test(this.peek() ?? "")) name += this.characters[this.at++];
    return name;
  }
}

/** Collects words; text that is split ends a word at white space, other text never does. */
class Words {
  private readonly done: string[] = [];
  private word = "";

  add(text: string): void {
    this.word += text;
  }

  addSplit(text: string): void {
    for (const character of text) {
      if (!/\s/.test(character)) this.word += character;
      else this.end();
    }
  }

  all(): string[] {
    this.end();
    return this.done;
  }

  private end(): void {
    if (this.word !== "") this.done.push(this.word);
    this.word = "";
  }
}

/** A part of a shell pattern: one character, any one (`?`), or any number of them (`*`). */
type Token = { readonly character: string } | "one" | "many";

/** A shell pattern with `*`, `?` and escapes; brackets are plain characters, as in BuildKit. */
function shellPattern(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*") tokens.push("many");
    else if (character === "?") tokens.push("one");
    else if (character === "\\" && at + 1 < characters.length) tokens.push({ character: characters[++at] as string });
    else tokens.push({ character });
  }
  return tokens;
}

/** The lengths of all beginnings of a text that match, smallest first. Takes time as the product of the two lengths. */
function matchingLengths(text: readonly string[], tokens: readonly Token[]): number[] {
  let ends = new Set([0]);
  for (const token of tokens) {
    if (token === "many") {
      const first = Math.min(...ends);
      ends = new Set(Array.from({ length: text.length - first + 1 }, (_, index) => first + index));
    } else {
      const fits = (end: number) => end < text.length && (token === "one" || text[end] === token.character);
      ends = new Set([...ends].filter(fits).map((end) => end + 1));
    }
    if (ends.size === 0) return [];
  }
  return [...ends].sort((a, b) => a - b);
}

function trim(value: string, word: string, kind: "#" | "%"): string {
  const greedy = word.startsWith(kind);
  const tokens = shellPattern(greedy ? word.slice(1) : word);
  const characters = Array.from(value);
  const [text, parts] = kind === "#" ? [characters, tokens] : [characters.reverse(), tokens.reverse()];
  const lengths = matchingLengths(text, parts);
  const rest = text.slice((greedy ? lengths.at(-1) : lengths[0]) ?? 0);
  return (kind === "#" ? rest : rest.reverse()).join("");
}

/** The longest match at the first place that has one, or at each place, in the place of which the replacement comes. */
function replaced(value: string, tokens: readonly Token[], replacement: string, all: boolean): string {
  const text = Array.from(value);
  let result = "";
  let at = 0;
  let ended = -1;
  while (at <= text.length) {
    const length = matchingLengths(text.slice(at), tokens).at(-1);
    // Go does not match nothing right behind a match.
    if (length !== undefined && !(length === 0 && at === ended)) {
      result += replacement;
      if (!all) return result + text.slice(at + length).join("");
      ended = at + length;
      at = ended;
      if (length > 0) continue;
    }
    result += text[at] ?? "";
    at++;
  }
  return result;
}
