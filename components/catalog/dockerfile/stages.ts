import { InputError } from "../input-error";
import { type DockerfileLines, type Instruction, jsonList, triggerOf, whiteSpace } from "./lines";

/** A step of a stage, as far as it matters to what a build reads. */
export type Step =
  | { readonly kind: "copy"; readonly line: number; readonly copy: Copy }
  | {
      readonly kind: "run";
      readonly line: number;
      readonly mounts: readonly Mount[];
      readonly secrets: readonly SecretUse[];
    }
  | { readonly kind: "workdir"; readonly line: number }
  | { readonly kind: "assign"; readonly line: number; readonly how: "ARG" | "ENV"; readonly pairs: readonly Pair[] }
  | { readonly kind: "onbuild"; readonly line: number; readonly trigger: Trigger }
  | { readonly kind: "metadata"; readonly line: number };

/** A COPY or an ADD. */
export interface Copy {
  /** The stage or image that is copied from; undefined for the context. */
  readonly from: string | undefined;
  /** As written, variables and quotes included; here-documents left out. */
  readonly sources: readonly string[];
  /** Whether sources may be URLs: of an ADD, that is. */
  readonly mayBeRemote: boolean;
  /** Whether a checksum is given for what comes from a URL. */
  readonly hasChecksum: boolean;
  /** Whether the copy makes a filesystem layer of its own that does not depend on what is beneath. */
  readonly linked: boolean;
}

/** A RUN --mount that has a source. */
export interface Mount {
  readonly from: string | undefined;
  /** As written. An empty one is the whole source. */
  readonly source: string;
}

/** A RUN --mount=type=secret. */
export interface SecretUse {
  readonly id: string;
  /** Whether the step fails without it. */
  readonly required: boolean;
  readonly line: number;
}

/** `value` is undefined for an ARG without a default. */
export interface Pair {
  readonly name: string;
  readonly value: string | undefined;
}

/** An instruction that runs in the images built on this one. */
export type Trigger = Instruction;

export interface Stage {
  /** In lower case. */
  readonly name: string | undefined;
  /** As written in FROM, variables included. */
  readonly base: string;
  /** As written in --platform, variables included. */
  readonly platform: string | undefined;
  readonly line: number;
  readonly steps: readonly Step[];
}

export interface Stages {
  /** The ARGs before the first FROM, which FROMs may use. */
  readonly globals: readonly Pair[];
  readonly stages: readonly Stage[];
  /** The names of all ARGs of the file. */
  readonly declared: ReadonlySet<string>;
  readonly escapeCharacter: string;
}

/**
 * Reads the stages of a Dockerfile.
 *
 * @param file the path to show in errors
 * @throws InputError naming the line, for what could be read in two ways; other mistakes are left for the build to tell
 */
export function readStages({ instructions, escapeCharacter }: DockerfileLines, file: string): Stages {
  const globals: Pair[] = [];
  const stages: (Stage & { steps: Step[] })[] = [];
  const declared = new Set<string>();
  for (const instruction of instructions) {
    const place = `${file}:${instruction.line}`;
    checkFlags(instruction, place);
    if (instruction.keyword === "FROM") {
      stages.push({ ...readFrom(instruction, place), steps: [] });
      continue;
    }
    const step = readStep(instruction, escapeCharacter, place);
    if (step.kind === "assign" && step.how === "ARG") for (const { name } of step.pairs) declared.add(name);
    const stage = stages.at(-1);
    if (stage) stage.steps.push(step);
    else if (step.kind === "assign" && step.how === "ARG") globals.push(...step.pairs);
    else throw new InputError(place, `${instruction.keyword} stands before the first FROM; only ARG may`);
  }
  if (stages.length === 0) throw new InputError(file, "has no FROM; the first instruction must name an image");
  return { globals, stages, declared, escapeCharacter };
}

/** The step that a trigger of the image beneath becomes. */
export function triggered(trigger: Trigger, place: string): Step {
  return readStep(trigger, "\\", place);
}

/** A trigger as text, for comparing. */
export function triggerText({ keyword, flags, rest, hereDocuments }: Trigger): string {
  return JSON.stringify([keyword, [...flags], rest, hereDocuments]);
}

/** The flags of each instruction (frontend/dockerfile/instructions/parse.go). */
const flagsOf: Readonly<Record<string, readonly string[]>> = {
  ADD: ["chmod", "checksum", "chown", "exclude", "keep-git-dir", "link", "unpack"],
  COPY: ["chmod", "chown", "exclude", "from", "link", "parents"],
  FROM: ["platform"],
  HEALTHCHECK: ["interval", "retries", "start-interval", "start-period", "timeout"],
  RUN: ["device", "mount", "network", "security"],
};

function checkFlags({ keyword, flags }: Instruction, place: string): void {
  const known = flagsOf[keyword] ?? [];
  for (const value of [...flags.values()].flat()) {
    // BuildKit takes each byte of a flag for a character.
    if (/[^\p{ASCII}]/u.test(value))
      throw new InputError(place, `BuildKit reads flags in ASCII alone, and "${value}" is not`);
  }
  for (const flag of flags.keys()) {
    if (known.includes(flag)) continue;
    const choice =
      known.length > 0 ? `its flags are ${known.map((name) => `--${name}`).join(", ")}` : "it has no flags";
    throw new InputError(place, `${keyword} has no flag --${flag}; ${choice}`);
  }
}

const metadata = new Set("CMD ENTRYPOINT EXPOSE HEALTHCHECK LABEL MAINTAINER SHELL STOPSIGNAL USER VOLUME".split(" "));

function readStep(instruction: Instruction, escapeCharacter: string, place: string): Step {
  const { keyword, line } = instruction;
  switch (keyword) {
    case "COPY":
    case "ADD":
      return { kind: "copy", line, copy: readCopy(instruction, place) };
    case "RUN":
      return { kind: "run", line, ...readMounts(instruction, place) };
    case "WORKDIR":
      return { kind: "workdir", line };
    case "ARG":
      return { kind: "assign", line, how: "ARG", pairs: quotedWords(instruction.rest, escapeCharacter).map(readPair) };
    case "ENV":
      return { kind: "assign", line, how: "ENV", pairs: readEnv(instruction, escapeCharacter, place) };
    case "ONBUILD": {
      const trigger = triggerOf(instruction);
      checkFlags(trigger, place);
      readStep(trigger, "\\", place);
      return { kind: "onbuild", line, trigger };
    }
    default:
      if (metadata.has(keyword)) return { kind: "metadata", line };
      throw new InputError(
        place,
        `there is no instruction ${keyword}; correct it, or join the line to the one above, by a \\ at its end`,
      );
  }
}

function readFrom({ flags, rest, line }: Instruction, place: string): Omit<Stage, "steps"> {
  const [base = "", as, name, ...more] = rest.split(whiteSpace);
  if (base === "") throw new InputError(place, "FROM names no image");
  if (as !== undefined && (as.toUpperCase() !== "AS" || !name || more.length > 0)) {
    throw new InputError(place, `expected FROM image, or FROM image AS stage: ${rest}`);
  }
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/i.test(name)) {
    throw new InputError(
      place,
      `"${name}" is no name for a stage; begin with a letter, and use letters, digits, - _ and .`,
    );
  }
  if (name?.toLowerCase() === "scratch")
    throw new InputError(place, "a stage named scratch hides the empty image; rename it");
  return { name: name?.toLowerCase(), base, platform: flags.get("platform")?.at(-1) || undefined, line };
}

function readCopy({ keyword, flags, rest }: Instruction, place: string): Copy {
  const words = listOf(rest, place);
  if (words.length < 2) throw new InputError(place, `${keyword} needs a source and a destination`);
  const from = keyword === "COPY" ? flags.get("from")?.at(-1) || undefined : undefined;
  if (from?.includes("$")) {
    throw new InputError(place, `--from=${from} has a variable in it, which BuildKit does not expand; name a stage`);
  }
  const written = words.slice(0, -1).filter((word) => !/^\d*<<-?\s*[^<]+$/.test(word));
  const destination = words.at(-1) as string;
  return {
    from,
    sources: written,
    mayBeRemote: keyword === "ADD",
    hasChecksum: Boolean(flags.get("checksum")?.at(-1)),
    // --chmod keeps BuildKit from linking, and where else the copy lands is for what is beneath to say.
    linked: isSet(flags.get("link")) && !flags.get("chmod")?.at(-1) && /^\/[^$]*$/.test(destination),
  };
}

function isSet(values: readonly string[] | undefined): boolean {
  const value = values?.at(-1);
  return value !== undefined && value.toLowerCase() !== "false";
}

function readMounts({ flags, line }: Instruction, place: string): { mounts: Mount[]; secrets: SecretUse[] } {
  const all = (flags.get("mount") ?? []).map(readMountOptions);
  return {
    mounts: all.flatMap((options) => readMount(options, place)),
    secrets: all.filter(({ type }) => type === "secret").map((options) => readSecret(options, line, place)),
  };
}

interface MountOptions {
  readonly type: string;
  /** With `source` for `src`, and `target` for `dst` and `destination`. */
  readonly options: ReadonlyMap<string, string>;
}

const otherKeys: Readonly<Record<string, string>> = { src: "source", dst: "target", destination: "target" };

function readMountOptions(text: string): MountOptions {
  const options = new Map<string, string>();
  for (const field of csvFields(text)) {
    const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(field) ?? [];
    const name = key.toLowerCase();
    options.set(otherKeys[name] ?? name, value);
  }
  return { type: options.get("type")?.toLowerCase() ?? "bind", options };
}

function readMount({ type, options }: MountOptions, place: string): Mount[] {
  const from = options.get("from") || undefined;
  if (from?.includes("$")) {
    throw new InputError(place, `from=${from} has a variable in it, which BuildKit does not expand; name a stage`);
  }
  if (!from && ["secret", "ssh", "cache", "tmpfs"].includes(type)) return [];
  return [{ from, source: options.get("source") ?? "" }];
}

/** frontend/dockerfile/dockerfile2llb/convert_secrets.go: `source` and `id` are one, and the end of the target serves for both. */
function readSecret({ options }: MountOptions, line: number, place: string): SecretUse {
  const id = options.get("source") || options.get("id") || options.get("target")?.split("/").at(-1) || "";
  if (id === "") throw new InputError(place, "a secret needs an id: RUN --mount=type=secret,id=NAME");
  if (id.includes("$")) throw new InputError(place, `the secret's id ${id} has a variable in it; write its name`);
  const required = options.get("required");
  return { id, required: required !== undefined && !/^(?:false|0|f)$/i.test(required), line };
}

function csvFields(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

/** The old form `ENV name value with spaces`, or pairs `name=value`. */
function readEnv({ rest }: Instruction, escapeCharacter: string, place: string): Pair[] {
  const words = quotedWords(rest, escapeCharacter);
  if (words.length === 0) throw new InputError(place, "ENV needs a name and a value");
  if (!words[0]?.includes("=")) {
    const [, name = "", value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(rest) ?? [];
    if (value === undefined) throw new InputError(place, "ENV needs a name and a value");
    return [{ name, value }];
  }
  const wrong = words.find((word) => !word.includes("="));
  if (wrong) throw new InputError(place, `"${wrong}" is not of the form name=value`);
  return words.map(readPair);
}

function readPair(word: string): Pair {
  const equals = word.indexOf("=");
  return equals === -1
    ? { name: word, value: undefined }
    : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}

/** Words that white space separates; one in quotes or behind the escape character does not. Quotes stay. */
function quotedWords(text: string, escapeCharacter: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (!quote && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= "";
    if (character === escapeCharacter && quote !== "'") {
      if (at + 1 === text.length) break;
      word += character + text[++at];
      continue;
    }
    if (quote ? character === quote : character === "'" || character === '"') quote = quote ? "" : character;
    word += character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function listOf(rest: string, place: string): string[] {
  try {
    return jsonList(rest) ?? rest.split(whiteSpace);
  } catch (error) {
    throw new InputError(place, (error as Error).message);
  }
}
