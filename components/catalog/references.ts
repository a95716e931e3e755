import { type Dockerfile, DockerfileParser, type Instruction, type ModifiableInstruction } from "dockerfile-ast";
import { InputError } from "./input-error";

/** An image that a Dockerfile names in FROM, COPY --from, ADD --from or RUN --mount from. */
export interface Reference {
  /** As written: `base`, `debian:trixie-slim`. */
  readonly name: string;
  /** 1-based line in the Dockerfile. */
  readonly line: number;
}

export interface References {
  /** Every image named, sorted by name, each once. Stages of the Dockerfile itself and `scratch` are not images. */
  readonly images: readonly Reference[];
  /** Whether a step runs anything; what only copies is made anew as fast as it is fetched from a cache. */
  readonly runsSteps: boolean;
  /** What the last stage stands on, through stages of its own; undefined where that is `scratch`. */
  readonly base: string | undefined;
}

/**
 * Reads the images that a Dockerfile names.
 *
 * @param file the path to show in errors
 * @throws InputError for a `# syntax=` line, a variable in a reference, a Dockerfile without FROM, and a stage that has
 *   the name of an image the same Dockerfile uses
 */
export function readReferences(text: string, file: string): References {
  const dockerfile = DockerfileParser.parse(text) as unknown as Dockerfile & { getInstructions(): Instruction[] };
  refuseSyntaxDirective(text, file);

  const images = new Map<string, Reference>();
  const stages: { name: string | undefined; line: number; base: string | undefined }[] = [];
  // BuildKit compares stage names without regard to case, and also accepts a stage's number.
  const stageOf = (name: string) =>
    stages.find((stage, index) => stage.name === name.toLowerCase() || String(index) === name);
  const use = (name: string, line: number) => {
    if (name.includes("@")) {
      throw new InputError(
        `${file}:${line}`,
        `"${name}" has a digest in it; write the name, and pin it in upstreams.yaml`,
      );
    }
    if (/["']/.test(name)) throw new InputError(`${file}:${line}`, `${name} is in quotes; write it without`);
    if (name.includes("$")) {
      throw new InputError(`${file}:${line}`, `"${name}" has a variable in it; write the image's name out`);
    }
    if (name !== "scratch" && !images.has(name)) images.set(name, { name, line });
  };

  if (dockerfile.getFROMs().length === 0)
    throw new InputError(file, "has no FROM; the first instruction must name one");
  for (const instruction of dockerfile.getInstructions()) {
    const line = instruction.getRange().start.line + 1;
    const keyword = instruction.getKeyword();
    if (keyword === "FROM") {
      const [image, as, stage] = (instruction as ModifiableInstruction).getArguments().map((word) => word.getValue());
      if (!image) throw new InputError(`${file}:${line}`, "FROM names no image");
      const parent = stageOf(image);
      if (!parent) use(image, line);
      const base = parent ? parent.base : image === "scratch" ? undefined : image;
      stages.push({ name: as?.toUpperCase() === "AS" ? stage?.toLowerCase() : undefined, line, base });
    } else {
      refuseMisread(instruction, `${file}:${line}`);
      for (const name of sourcesOf(instruction)) if (!stageOf(name)) use(name, line);
    }
  }

  for (const stage of stages) {
    if (stage.name && images.has(stage.name)) {
      throw new InputError(
        `${file}:${stage.line}`,
        `the stage "${stage.name}" has the name of an image that this Dockerfile uses, and would be replaced by it; rename the stage`,
      );
    }
  }
  return {
    images: [...images.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    runsSteps: dockerfile.getInstructions().some((instruction) => instruction.getKeyword() === "RUN"),
    base: stages.at(-1)?.base,
  };
}

/** The values of `--from=` and of `from=` in each `--mount=`. */
function sourcesOf(instruction: Instruction): string[] {
  const keyword = instruction.getKeyword();
  if (keyword !== "COPY" && keyword !== "ADD" && keyword !== "RUN") return [];
  const flags = (instruction as ModifiableInstruction).getFlags();
  return flags.flatMap((flag) => {
    const value = flag.getValue();
    if (value === null) return [];
    if (flag.getName() === "from") return [value];
    if (flag.getName() !== "mount") return [];
    const from = value.split(",").find((option) => /^\s*from=/i.test(option));
    return from ? [from.trim().slice("from=".length)] : [];
  });
}

/** What the parser is known to misread is refused, so that no parent is missed and none is invented. */
function refuseMisread(instruction: Instruction, place: string): void {
  const text = instruction.getTextContent();
  if (/<<-?[ \t]+["']?[A-Za-z_]/.test(text)) {
    throw new InputError(place, "a here-document has a space before its word; write <<EOF");
  }
  if (instruction.getKeyword() === "ONBUILD" && /\bfrom=/i.test(text)) {
    throw new InputError(place, "ONBUILD takes files from another image; write the step in the layers that need it");
  }
  if (/--mount=\S*["']/.test(text)) throw new InputError(place, "a --mount is in quotes; write it without");
}

/** BuildKit takes the directive from a comment with # or //, also below a line with #!, and from a JSON object. */
function refuseSyntaxDirective(text: string, file: string): void {
  const head = /^(?:#!.*\n)?(?:\s*(?:#|\/\/)\s*[A-Za-z]+\s*=.*\n)*?\s*(?:#|\/\/)\s*syntax\s*=/i.exec(text);
  const found = head ?? /^\s*\{[^}]*"syntax"/.exec(text);
  if (!found) return;
  throw new InputError(
    `${file}:${found[0].trimEnd().split("\n").length}`,
    "a syntax line makes BuildKit fetch a frontend from the internet at every build; remove it, BuildKit's own is current",
  );
}
