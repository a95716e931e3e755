import { normalPlatform } from "../platform";
import type { Stages } from "./stages";
import { expand, unknown } from "./words";

export type Variables = Map<string, string | typeof unknown>;

/** The platform of the machine that builds, which only a build knows. */
export const builderPlatform = Symbol("the builder's platform");

/** Where a stage is built and runs. */
export type StagePlatform = string | typeof builderPlatform;

/** Three machines that could build. What is the same on all of them does not depend on the machine. */
const someBuilders = ["linux/amd64", "linux/arm64", "linux/riscv64"];

/** The variables that a FROM may use: those that BuildKit gives, and the ARGs before the first FROM. */
export class GlobalArguments {
  private readonly values: Variables;

  /** @param builder the machine that builds; undefined for one that is not known */
  constructor(
    private readonly source: Stages,
    private readonly platform: string,
    private readonly given: Readonly<Record<string, string>>,
    builder?: string,
  ) {
    this.values = givenByBuildKit(platform, builder, given, source.stages.at(-1)?.name);
    for (const { name, value } of source.globals) {
      if (Object.hasOwn(given, name)) this.values.set(name, given[name] as string);
      else if (value !== undefined) this.values.set(name, this.expand(value));
    }
  }

  get(name: string): string | typeof unknown | undefined {
    return this.values.get(name);
  }

  /** @throws Error with the reason for a word that cannot be expanded */
  expand(word: string): string | typeof unknown {
    const expanded = expand(word, (name) => this.values.get(name), this.source.escapeCharacter);
    return expanded.certain ? expanded.text : unknown;
  }

  /**
   * What a --platform names.
   *
   * @throws Error with the reason for what is no platform, and for one that depends on the builder without being the builder's own
   */
  platformOf(written: string): StagePlatform {
    const text = this.expand(written);
    if (text !== unknown) return parsed(text, written);
    const onEach = someBuilders.map((builder) => this.builtOn(builder).expand(written) as string);
    if (onEach.every((platform, index) => normalPlatform(platform) === someBuilders[index])) return builderPlatform;
    const [first = "", ...others] = onEach;
    if (others.every((platform) => platform === first)) return parsed(first, written);
    throw new Error(`--platform=${written} depends on the machine that builds; write $BUILDPLATFORM, or a platform`);
  }

  private builtOn(builder: string): GlobalArguments {
    return new GlobalArguments(this.source, this.platform, this.given, builder);
  }
}

function parsed(text: string, written: string): string {
  const platform = normalPlatform(text);
  if (platform !== undefined) return platform;
  const what = text === written ? `"${text}"` : `"${text}", from ${written},`;
  throw new Error(`${what} is no platform; write os/architecture, such as linux/amd64`);
}

function givenByBuildKit(
  platform: string,
  builder: string | undefined,
  given: Readonly<Record<string, string>>,
  target: string | undefined,
): Variables {
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  const [buildOs = "", buildArchitecture = "", buildVariant = ""] = builder?.split("/") ?? [];
  const ofBuilder = (value: string) => (builder === undefined ? unknown : value);
  const variables: Variables = new Map<string, string | typeof unknown>([
    ["BUILDPLATFORM", builder ?? unknown],
    ["BUILDOS", ofBuilder(buildOs)],
    ["BUILDOSVERSION", ofBuilder("")],
    ["BUILDARCH", ofBuilder(buildArchitecture)],
    ["BUILDVARIANT", ofBuilder(buildVariant)],
    ["TARGETPLATFORM", platform],
    ["TARGETOS", os],
    ["TARGETOSVERSION", ""],
    ["TARGETARCH", architecture],
    ["TARGETVARIANT", variant],
    ["TARGETSTAGE", target ?? "default"],
  ]);
  for (const [name, value] of Object.entries(given)) if (variables.has(name)) variables.set(name, value);
  return variables;
}
