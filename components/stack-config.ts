import { parse } from "yaml";

interface ConfigFile {
  readonly config?: Readonly<Record<string, unknown>> | null;
}

/** A stack's configuration as its files have it, without Pulumi. Of no use for secrets. */
export class StackConfig {
  private readonly files: readonly Readonly<Record<string, unknown>>[];

  /**
   * @param own the text of Pulumi.<stack>.yaml; undefined where there is none
   * @param project the text of Pulumi.yaml, which has defaults
   * @throws Error for what is no YAML
   */
  constructor(own?: string, project?: string) {
    this.files = [own, project].map((text) => ((parse(text ?? "") ?? {}) as ConfigFile).config ?? {});
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
