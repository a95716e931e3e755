import { z } from "zod";
import { readYaml } from "./catalog/read-yaml";

/** What there is to read of a stack's configuration. */
export interface ConfigFile {
  /** As messages name it. */
  readonly file: string;
  /** Undefined where there is none. */
  readonly text: string | undefined;
}

const schema = z.object({ config: z.record(z.string(), z.unknown()).nullish() });

/** A stack's configuration as its files have it, without Pulumi. Of no use for secrets. */
export class StackConfig {
  private readonly files: readonly Readonly<Record<string, unknown>>[];

  /**
   * @param own Pulumi.<stack>.yaml
   * @param project Pulumi.yaml, which has defaults
   * @throws InputError for one that is no YAML, or has no map under `config`
   */
  constructor(own: ConfigFile, project: ConfigFile) {
    this.files = [own, project].map(({ file, text }) => readYaml(file, text ?? "", schema).config ?? {});
  }

  /** @param key without `strata:` */
  get(key: string): unknown {
    const [own, declared] = this.files.map((file) => file[`strata:${key}`]);
    return own ?? (declared as { default?: unknown } | undefined)?.default;
  }

  /** A list or a map, which Pulumi takes as JSON too. @param key without `strata:` */
  object(key: string): unknown {
    const value = this.get(key);
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      return undefined;
    }
  }
}
