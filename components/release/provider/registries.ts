import pLimit from "p-limit";
import { askRegistry, tellRegistry } from "../../registry";

/** How registries are asked and told: `regctl` with these arguments, of what is named. */
export interface Registries {
  /** @returns undefined for what the registry does not have */
  readonly ask: (args: readonly string[], ref: string) => Promise<string | undefined>;
  /** @param time in milliseconds, with all tries */
  readonly tell: (args: readonly string[], refs: readonly [string, ...string[]], time?: number) => Promise<void>;
  /** Tells the user what is no error. */
  readonly say: (severity: "info" | "warn", message: string) => void;
}

/** How many programs run at once, for all resources of a stack together: questions are short, copies fill the line. */
const atOnce = { questions: 8, copies: 4 } as const;

/** @param signal ends what runs */
export function realRegistries(signal: AbortSignal, say: Registries["say"]): Registries {
  const [questions, copies] = [pLimit(atOnce.questions), pLimit(atOnce.copies)];
  return {
    ask: (args, ref) => questions(() => askRegistry(args, ref, {}, { signal })),
    tell: (args, refs, time) => copies(() => tellRegistry(args, refs, {}, { signal, ...(time ? { time } : {}) })),
    say,
  };
}

/**
 * What a tag names, or that a digest is there.
 *
 * @param ref `repository:tag` or `repository@sha256:…`
 * @returns `sha256:…`; undefined where the registry does not have it
 */
export async function digestOf(ref: string, { ask }: Registries): Promise<string | undefined> {
  return (await ask(["image", "digest", ref], ref))?.trim();
}

/** Gives a tag to a digest of the same repository, and makes sure of it. @throws Error where the tag names something else then */
export async function giveTag(repository: string, tag: string, digest: string, registries: Registries): Promise<void> {
  const ref = `${repository}:${tag}`;
  await registries.tell(["image", "copy", `${repository}@${digest}`, ref], [ref]);
  const found = await digestOf(ref, registries);
  if (found === digest) return;
  throw new Error(
    `${ref}: it was given to ${digest} and ${found === undefined ? "is not there" : `names ${found}`}; whatever else moves this tag must be stopped first`,
  );
}
