import { InputError } from "../input-error";
import { type Evaluated, Evaluation } from "./evaluation";
import { readLines } from "./lines";
import { readStages, type SecretUse, type Stage, type Trigger } from "./stages";

/** What a Dockerfile says, read without its context: text and parents, and which paths of the context its build reads. */
export interface DockerfileReading {
  /** The Dockerfile in its normal form: what counts, and what is built. */
  readonly text: string;
  /** For each line of `text` the 1-based line of the user's file. */
  readonly lines: readonly number[];
  /** Every image that the build uses, by its familiar name, sorted, each once. Stages and `scratch` are not images. */
  readonly images: readonly ImageUse[];
  /** What the build takes from its context, each once for each image beneath. */
  readonly sources: readonly Source[];
  /** The image that the result itself stands on, through stages; undefined for `scratch`. */
  readonly base: string | undefined;
  /** The names of the images that steps run inside or copy from: when one of these changes, steps run again. */
  readonly runsInside: ReadonlySet<string>;
  /** Whether any step runs a command, so that a build cache is worth its upload. */
  readonly runsCommands: boolean;
  /** The secrets that its steps mount, each once. */
  readonly secrets: readonly SecretUse[];
  /** The stages that the last one needs, itself included, in the file's order. */
  readonly stages: readonly ReachedStage[];
  /** The platforms that steps run commands on, sorted: the builder's own is not among them, which every builder can run. */
  readonly commandPlatforms: readonly string[];
  /** The names of all ARGs, before and in stages. */
  readonly declared: ReadonlySet<string>;
  /** The ONBUILD steps of images beneath that this build runs, as text. */
  readonly inherited: readonly string[];
  /** What runs in the images built on this one. */
  readonly triggers: readonly Trigger[];
}

export interface ImageUse {
  /** In its shortest form: `base`, `debian:trixie-slim`, `ghcr.io/acme/tool:1`. */
  readonly name: string;
  /** As written, variables expanded. */
  readonly written: string;
  /** 1-based line of the Dockerfile, of the first use. */
  readonly line: number;
  /** The platforms of the image that the build takes, sorted. */
  readonly platforms: readonly string[];
  /** Whether it also takes that of the machine that builds, which only a build knows. */
  readonly ofBuilder: boolean;
}

/** A stage, and what it stands on or takes files from. */
export interface ReachedStage {
  /** Its number in the Dockerfile, the first being 0. */
  readonly index: number;
  /** Undefined where it has none, or where a later stage has the same. */
  readonly name: string | undefined;
  readonly stages: readonly number[];
  /** By their familiar names. */
  readonly images: readonly string[];
  /** The image, by its familiar name, that its steps change the files of, through stages; undefined where none does, and on `scratch`. */
  readonly changes: string | undefined;
  /** Whether it runs or downloads anything. */
  readonly works: boolean;
}

/** A path of the context that a step names; it may have wildcards. */
export interface Source {
  /** Relative to the context, cleaned: no leading slash, no `..`. An empty one is the whole context. */
  readonly path: string;
  readonly line: number;
  /** The image that the stage stands on whose step takes it; undefined for `scratch`. */
  readonly base: string | undefined;
}

export interface ReadingOptions {
  /** Build arguments that are given from outside, by name. */
  readonly arguments: Readonly<Record<string, string>>;
  /** @example ["linux/amd64", "linux/arm64"] */
  readonly platforms: readonly string[];
  /** The ONBUILD triggers of an image, in order; undefined for one that may have some that nobody knows. */
  readonly triggersOf: (image: string) => readonly Trigger[] | undefined;
  /** Told what is refused though it can be read: a frontend, an ADD without a checksum, a stage named like an image. @default throws */
  readonly refuse?: (problem: InputError) => void;
}

/**
 * Reads what the build of a Dockerfile's last stage needs. Stages that it does not reach do not count, as BuildKit does not
 * build them. A source that depends on a variable whose value only a build knows is taken for the whole context.
 *
 * @param file the path to show in errors
 * @throws InputError naming file and line for what cannot be read, and for an image's name that depends on the
 *   machine that builds
 */
export function readDockerfile(source: string, file: string, options: ReadingOptions): DockerfileReading {
  const refuse = options.refuse ?? raise;
  const lines = readLines(source, file, refuse);
  const stages = readStages(lines, file);
  const readings = options.platforms.map((platform) => new Evaluation(stages, file, platform, options).read());
  const [first] = readings as [Evaluated];
  const images = united(readings.flatMap((reading) => reading.images));
  refuseReplacedStages(stages.stages, images, file, refuse);
  return {
    text: lines.text,
    lines: lines.lines,
    images,
    // Another frontend may read anything.
    sources: lines.hasOtherFrontend
      ? [{ path: "", line: 1, base: first.base }]
      : uniqueBy(
          readings.flatMap((reading) => reading.sources),
          ({ path, base }) => `${path}\0${base}`,
        ),
    base: first.base,
    runsInside: new Set(readings.flatMap((reading) => [...reading.runsInside])),
    runsCommands: first.runsCommands,
    secrets: uniqueBy(
      // Where one step needs what others can do without, it is needed.
      readings.flatMap((reading) => reading.secrets).sort((a, b) => Number(b.required) - Number(a.required)),
      ({ id }) => id,
    ),
    stages: first.stages,
    commandPlatforms: [...new Set(readings.flatMap((reading) => reading.commandPlatforms))].sort(),
    declared: stages.declared,
    inherited: first.inherited,
    triggers: first.triggers,
  };
}

/** Each image once, by its name, with the platforms of all its uses. */
export function united(uses: readonly ImageUse[]): ImageUse[] {
  const byLine = [...uses].sort((a, b) => a.line - b.line);
  return uniqueBy(byLine, ({ name }) => name)
    .map((first) => {
      const same = uses.filter(({ name }) => name === first.name);
      const platforms = [...new Set(same.flatMap((use) => use.platforms))].sort();
      return { ...first, platforms, ofBuilder: same.some(({ ofBuilder }) => ofBuilder) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A stage that has the name of an image in use would be replaced by that image, without a word. */
function refuseReplacedStages(
  stages: readonly Stage[],
  images: readonly ImageUse[],
  file: string,
  refuse: (problem: InputError) => void,
): void {
  for (const { name, line } of stages) {
    if (!name || !images.some((image) => image.name === name)) continue;
    refuse(
      new InputError(
        `${file}:${line}`,
        `the stage "${name}" has the name of an image that this Dockerfile uses, and would be replaced by it; rename the stage`,
      ),
    );
  }
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map([...items].reverse().map((item) => [key(item), item])).values()].reverse();
}

function raise(problem: InputError): never {
  throw problem;
}
