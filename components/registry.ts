import { setTimeout as sleep } from "node:timers/promises";
import { type AskOptions, askTool, NoAnswer } from "./ask-tool";
import { withoutQueries } from "./shown-address";

/** DOCKER_CONFIG, SSL_CERT_FILE, PATH, on top of this process's own. */
export type Environment = NonNullable<AskOptions["env"]>;

/** In milliseconds, for one question with all its tries. */
const limit = 30_000;
/** In milliseconds, before each further try, and as much again by chance: what failed together is not to come back together. */
const pauses = [250, 1000];

/** Says that a registry could not be asked, or what it gave is no image. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

export interface RegistryOptions {
  /** In milliseconds, for all tries. @default 30 seconds */
  readonly time?: number;
  /** Ends regctl when it is aborted. */
  readonly signal?: AbortSignal;
  /** Ends regctl, in failure, when it prints this as an error or a warning. */
  readonly unless?: RegExp;
}

/**
 * Asks a registry something, a few times where it fails for a moment.
 *
 * @param args regctl's. @example ["tag", "ls", "ghcr.io/acme/base"]
 * @param ref what it is about, for errors
 * @returns what regctl prints; undefined for what the registry does not have
 * @throws RegistryError where it cannot be asked
 */
export async function askRegistry(
  args: readonly string[],
  ref: string,
  env: Environment,
  options: RegistryOptions = {},
): Promise<string | undefined> {
  try {
    return await withTries(args, env, options);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    if (isMissing(error.said)) return undefined;
    throw failed(`${ref}: the registry could not be asked`, error, [ref]);
  }
}

/**
 * Has registries do something, a few times where they fail for a moment.
 *
 * @param args regctl's. @example ["image", "copy", "ghcr.io/acme/base@sha256:…", "ghcr.io/acme/base:1.0"]
 * @param refs what it is done to, and then what is needed for it; the first is named in errors
 * @throws RegistryError where it cannot be done
 */
export async function tellRegistry(
  args: readonly string[],
  refs: readonly [string, ...string[]],
  env: Environment,
  options: RegistryOptions = {},
): Promise<void> {
  try {
    await withTries(args, env, options);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw failed(`${refs[0]}: regctl ${args.slice(0, 2).join(" ")} failed`, error, refs);
  }
}

async function withTries(args: readonly string[], env: Environment, options: RegistryOptions) {
  const { time = limit, ...rest } = options;
  const end = Date.now() + time;
  for (let attempt = 0; ; attempt++) {
    try {
      const left = Math.max(1, end - Date.now());
      return await askTool("regctl", args, { limit: left, env, ...rest });
    } catch (error) {
      const pause = (pauses[attempt] ?? 0) * (1 + Math.random());
      const lasts = !(error instanceof NoAnswer) || isMissing(error.said) || !isTransient(error);
      if (lasts || pause === 0 || Date.now() + pause > end) throw error;
      await sleep(pause);
    }
  }
}

function failed(what: string, error: NoAnswer, refs: readonly string[]): RegistryError {
  return new RegistryError(`${what}: ${printed(error.said)}${hintOn(error, refs)}`);
}

/** What regctl said is wrong, as people may see it. */
export function printed(said: string): string {
  // What it warns of on its way comes again in its last line.
  const lines = said.split("\n").filter((line) => !/^time=\S+ level=/.test(line));
  return withoutQueries(lines.join("\n") || said);
}

/** @param ref an image, or a repository @returns with its port, where it has one. @example "ghcr.io" */
export function hostOf(ref: string): string {
  return ref.slice(0, ref.indexOf("/"));
}

/** What people can do about it. */
function hintOn({ said }: NoAnswer, refs: readonly string[]): string {
  if (!/\[http 40[13]\]|unauthorized/i.test(said)) return "";
  const hosts = [...new Set(refs.map(hostOf))];
  const named = hosts.filter((host) => said.includes(host));
  return `; log in with: ${(named.length > 0 ? named : hosts).map((host) => `docker login ${host}`).join(" or ")}`;
}

/** What regctl prints of a manifest or a blob that is not there. */
function isMissing(said: string): boolean {
  return /\[http 404\]/.test(said);
}

/** A connection that is refused is not among them: regctl itself has tried that five times by then. */
function isTransient({ reason, said }: NoAnswer): boolean {
  return (
    reason === "failed" &&
    /\[http (?:429|5\d\d)\]|connection reset|\bEOF\b|i\/o timeout|TLS handshake timeout|Temporary failure/.test(said)
  );
}
