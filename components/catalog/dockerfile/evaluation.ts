import { hasWildcard, matcher } from "../glob";
import { familiar } from "../image-name";
import { InputError } from "../input-error";
import { builderPlatform, GlobalArguments, type StagePlatform, type Variables } from "./global-arguments";
import type { DockerfileReading, ImageUse, ReachedStage, ReadingOptions, Source } from "./reading";
import { cleaned, contextSourcesOf, everything, fromsOf, isPinned, isRemote, unpinnedSource } from "./sources";
import { type Pair, type SecretUse, type Stage, type Stages, type Step, triggered, triggerText } from "./stages";
import { expand, type Lookup, unknown } from "./words";

/** What is read for one platform. */
export type Evaluated = Omit<DockerfileReading, "text" | "lines" | "declared">;

/** What a step of a stage sees, and which of it the stage's image keeps. */
interface StageVariables {
  readonly all: Variables;
  readonly env: Variables;
}

/** ARGs that are no variables of steps. */
const notEnvironment = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** A stage with the values that are known in it. */
interface EvaluatedStage {
  readonly stage: Stage;
  /** Its number, or the image's name; undefined for scratch. */
  readonly base: number | string | undefined;
  readonly steps: readonly Step[];
  /** Undefined for one that is refused. */
  readonly platform: StagePlatform | undefined;
}

/** BuildKit's way through a Dockerfile for one platform (frontend/dockerfile/dockerfile2llb/convert.go). */
export class Evaluation {
  private readonly globals: GlobalArguments;
  private readonly stages: EvaluatedStage[] = [];
  private readonly images: ImageUse[] = [];
  private readonly sources: Source[] = [];
  private readonly reached = new Set<number>();
  /** For stages upon images the ONBUILD steps of those. */
  private readonly inherited = new Map<number, readonly string[]>();
  private readonly secrets: SecretUse[] = [];
  private readonly commandPlatforms = new Set<string>();
  private runsCommands = false;

  constructor(
    private readonly source: Stages,
    private readonly file: string,
    private readonly platform: string,
    private readonly options: ReadingOptions,
  ) {
    this.globals = new GlobalArguments(source, platform, options.arguments);
    for (const stage of source.stages) this.stages.push(this.resolveBase(stage));
  }

  read(): Evaluated {
    const target = this.stages.length - 1;
    this.reach(target);
    const chain = this.chainOf(target);
    const base = this.imageBeneath(target);
    const variables = new Map<number, StageVariables>();
    for (const index of [...this.reached].sort((a, b) => a - b)) variables.set(index, this.evaluate(index, variables));
    return {
      images: this.images,
      sources: this.sources,
      base: base === undefined ? undefined : familiar(base, this.file),
      runsInside: this.imagesRunInside(chain, base),
      runsCommands: this.runsCommands,
      secrets: this.secrets,
      stages: [...this.reached].sort((a, b) => a - b).map((index) => this.reachedStage(index)),
      commandPlatforms: [...this.commandPlatforms],
      inherited: [...this.reached].sort((a, b) => a - b).flatMap((index) => this.inherited.get(index) ?? []),
      triggers: (this.stages[target] as EvaluatedStage).steps.flatMap((step) =>
        step.kind === "onbuild" ? [step.trigger] : [],
      ),
    };
  }

  private resolveBase(stage: Stage): EvaluatedStage {
    const place = `${this.file}:${stage.line}`;
    const name = at(place, () => this.globals.expand(stage.base));
    if (name === unknown) {
      throw new InputError(
        place,
        `which image "${stage.base}" is depends on the machine that builds; name it without the variables BUILD…`,
      );
    }
    if (name === "") throw new InputError(place, `FROM ${stage.base} names no image; give the ARG a default`);
    // BuildKit has stages in lower case, and looks for what FROM names as it is written. A later stage hides an earlier one.
    const index = this.stages.findLastIndex((earlier) => earlier.stage.name === name);
    const base = index !== -1 ? index : name === "scratch" ? undefined : name;
    return { stage, base, steps: this.withTriggers(stage, base), platform: this.platformOf(stage, base) };
  }

  /** BuildKit reads a --platform wherever it stands, and follows one on an image only: a stage upon a stage has that one's platform. */
  private platformOf(stage: Stage, base: number | string | undefined): StagePlatform | undefined {
    let own: StagePlatform | undefined = this.platform;
    const place = `${this.file}:${stage.line}`;
    try {
      if (stage.platform !== undefined) own = at(place, () => this.globals.platformOf(stage.platform as string));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.refuse(error);
      own = undefined;
    }
    if (typeof base === "number") return (this.stages[base] as EvaluatedStage).platform;
    return base === undefined ? this.platform : own;
  }

  /** ONBUILD steps of what is beneath come first. */
  private withTriggers(stage: Stage, base: number | string | undefined): Step[] {
    if (base === undefined) return [...stage.steps];
    const place = `${this.file}:${stage.line}`;
    const triggers =
      typeof base === "number"
        ? (this.stages[base] as EvaluatedStage).steps.flatMap((step) => (step.kind === "onbuild" ? [step.trigger] : []))
        : this.options.triggersOf(familiar(base, place));
    if (typeof base === "string") this.inherited.set(this.stages.length, (triggers ?? []).map(triggerText));
    const unknownTriggers: Step[] = [{ kind: "copy", line: stage.line, copy: everything }];
    const steps = triggers?.map((trigger) => ({ ...triggered(trigger, place), line: stage.line })) ?? unknownTriggers;
    return [...steps, ...stage.steps];
  }

  private reach(index: number): void {
    if (this.reached.has(index)) return;
    this.reached.add(index);
    const { base, stage, steps, platform } = this.stages[index] as EvaluatedStage;
    if (typeof base === "number") this.reach(base);
    else if (base !== undefined) this.use(base, stage.line, platform);
    for (const step of steps) {
      if (step.kind === "run" && typeof platform === "string") this.commandPlatforms.add(platform);
      for (const from of fromsOf(step)) {
        const found = this.stageNamed(from, step);
        // Of the build's platform, whatever the stage's is.
        if (found === undefined) this.use(from, step.line, this.platform);
        else if (found >= index)
          throw new InputError(
            `${this.file}:${step.line}`,
            `the stage ${from} does not come before; move it up, or correct the name`,
          );
        else this.reach(found);
      }
    }
  }

  private use(name: string, line: number, platform: StagePlatform | undefined): void {
    if (name === "scratch") return;
    this.images.push({
      name: familiar(name, `${this.file}:${line}`),
      written: name,
      line,
      platforms: typeof platform === "string" ? [platform] : [],
      ofBuilder: platform === builderPlatform,
    });
  }

  /** COPY also takes a stage's number. Names are compared without regard to case here, unlike in FROM. */
  private stageNamed(from: string, step: Step): number | undefined {
    if (step.kind === "copy" && /^[+-]?\d+$/.test(from)) {
      const index = Number(from);
      if (index >= 0 && index < this.stages.length) return index;
      throw new InputError(`${this.file}:${step.line}`, `there is no stage ${from}; the first has the number 0`);
    }
    const index = this.stages.findLastIndex(({ stage }) => stage.name === from.toLowerCase());
    return index === -1 ? undefined : index;
  }

  private reachedStage(index: number): ReachedStage {
    const { base, steps, stage } = this.stages[index] as EvaluatedStage;
    const isHidden = this.stages.findLastIndex((other) => other.stage.name === stage.name) !== index;
    const used = steps.flatMap((step) => fromsOf(step).map((from) => this.stageNamed(from, step) ?? from));
    const beneath = [...(base === undefined ? [] : [base]), ...used].filter((name) => name !== "scratch");
    const lowest = this.imageBeneath(index);
    return {
      index,
      name: isHidden ? undefined : stage.name,
      stages: beneath.filter((name) => typeof name === "number"),
      images: beneath.filter((name) => typeof name === "string").map((name) => familiar(name, this.file)),
      changes: lowest !== undefined && steps.some(changesFiles) ? familiar(lowest, this.file) : undefined,
      // A download takes its time as a command does.
      works: steps.some((step) => step.kind === "run" || (step.kind === "copy" && step.copy.hasChecksum)),
    };
  }

  /** The stage and those that it stands on, the lowest last. */
  private chainOf(index: number): number[] {
    const { base } = this.stages[index] as EvaluatedStage;
    return typeof base === "number" ? [index, ...this.chainOf(base)] : [index];
  }

  /** The image that a stage stands on, through others, as written; undefined for `scratch`. */
  private imageBeneath(index: number): string | undefined {
    return this.stages[this.chainOf(index).at(-1) as number]?.base as string | undefined;
  }

  /** Reads what a stage takes from the context. */
  private evaluate(index: number, before: ReadonlyMap<number, StageVariables>): StageVariables {
    const { base, steps } = this.stages[index] as EvaluatedStage;
    const lowest = this.imageBeneath(index);
    const beneath = typeof base === "number" ? before.get(base) : undefined;
    const stage = beneath ? inheritedVariables(beneath, lowest === undefined) : { all: new Map(), env: new Map() };
    // An image beneath may set any variable; on scratch there are none.
    const unset = lowest === undefined ? undefined : unknown;
    const lookup: Lookup = (name) => (stage.all.has(name) ? stage.all.get(name) : name === "PATH" ? unknown : unset);
    for (const step of steps) {
      const place = `${this.file}:${step.line}`;
      if (step.kind === "run") {
        this.runsCommands = true;
        this.secrets.push(...step.secrets);
      }
      if (step.kind === "assign") at(place, () => this.assign(step.how, step.pairs, stage, lookup));
      for (const written of contextSourcesOf(step)) {
        const { text, certain } = at(place, () => expand(written, lookup, this.source.escapeCharacter));
        if (certain && step.kind === "copy" && step.copy.mayBeRemote && isRemote(text)) {
          if (!step.copy.hasChecksum && !isPinned(text)) this.refuse(unpinnedSource(text, place));
          continue;
        }
        const path = certain ? cleaned(text) : "";
        if (hasWildcard(path)) at(place, () => path.split("/").forEach(matcher));
        const image = lowest === undefined ? undefined : familiar(lowest, place);
        this.sources.push({ path, line: step.line, base: image });
      }
    }
    return stage;
  }

  private assign(how: "ARG" | "ENV", pairs: readonly Pair[], stage: StageVariables, lookup: Lookup): void {
    const assigned: Variables = new Map();
    for (const { name, value } of pairs) {
      const result = this.valueOf(how, name, value, lookup);
      if (result === undefined || notEnvironment.has(name)) continue;
      // The pairs of one ARG see those before them, the pairs of one ENV do not. Only ENV takes quotes from names.
      if (how === "ARG") stage.all.set(name, result);
      else assigned.set(this.expandName(name, lookup), result);
    }
    for (const [name, value] of assigned) {
      stage.all.set(name, value);
      stage.env.set(name, value);
    }
  }

  private expandName(written: string, lookup: Lookup): string {
    const name = expand(written, lookup, this.source.escapeCharacter);
    if (name.certain) return name.text;
    throw new Error(`which variable ENV ${written} sets depends on the image beneath; write its name`);
  }

  private valueOf(
    how: "ARG" | "ENV",
    name: string,
    value: string | undefined,
    lookup: Lookup,
  ): string | typeof unknown | undefined {
    const given = how === "ARG" ? this.given(name) : undefined;
    if (given !== undefined) return given;
    if (value === undefined) return this.globals.get(name);
    const expanded = expand(value, lookup, this.source.escapeCharacter);
    return expanded.certain ? expanded.text : unknown;
  }

  private refuse(problem: InputError): void {
    if (!this.options.refuse) throw problem;
    this.options.refuse(problem);
  }

  private given(name: string): string | undefined {
    return Object.hasOwn(this.options.arguments, name) ? this.options.arguments[name] : undefined;
  }

  /** All that is used in any way but as what the result's linked copies are laid upon. */
  private imagesRunInside(chain: readonly number[], base: string | undefined): Set<string> {
    const inside = new Set<string>();
    const add = (image: string | undefined) => image !== undefined && inside.add(familiar(image, this.file));
    for (const index of this.reached) {
      const { base: own, steps } = this.stages[index] as EvaluatedStage;
      if (!chain.includes(index) && typeof own === "string") add(own);
      for (const step of steps) {
        for (const from of fromsOf(step)) {
          const stage = this.stageNamed(from, step);
          if (stage === undefined) add(from === "scratch" ? undefined : from);
          else add(this.imageBeneath(stage));
        }
        if (chain.includes(index) && changesFiles(step)) add(base);
      }
    }
    return inside;
  }
}

/** Whether a step changes the files of the image beneath, which it needs for that. */
function changesFiles(step: Step): boolean {
  return step.kind === "run" || step.kind === "workdir" || (step.kind === "copy" && !step.copy.linked);
}

/** In a stage upon another one ENVs come before ARGs again, and ENVs of the image beneath, which nobody knows, before both. */
function inheritedVariables({ all, env }: StageVariables, onScratch: boolean): StageVariables {
  const known = onScratch ? [...all] : [...all.keys()].map((name) => [name, unknown] as const);
  return { all: new Map<string, string | typeof unknown>([...known, ...env]), env: new Map(env) };
}

function at<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(place, (error as Error).message);
  }
}
