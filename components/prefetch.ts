import { type SpawnOptions, spawn } from "node:child_process";
import { relative } from "node:path";
import { literal } from "./catalog/bake-text";
import { buildArguments, rebuildHost } from "./catalog/build-arguments";

/** Stages of a layer that can be built before the layers beneath are there. */
export interface Prefetch {
  readonly builder: string;
  /** Paths relative to the project. */
  readonly context: string;
  readonly dockerfilePath: string;
  /** Their names. */
  readonly stages: readonly string[];
  /** By the name that the Dockerfile uses. */
  readonly upstreams: Readonly<Record<string, { readonly ref: string }>>;
  readonly platforms: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  /** As image.yaml has it; 0 for none. */
  readonly rebuild: number;
  /** Where an earlier build left its cache. */
  readonly cache: string;
  /** Whether the layer's build pushes a cache. */
  readonly cached: boolean;
  /** As of that cache. */
  readonly compression: "zstd" | "gzip";
  /** id → value */
  readonly secrets: Readonly<Record<string, string>>;
  /** The longest that it may take, as `strata:timeout` has it. @example "1h30m" */
  readonly timeout: string;
}

/**
 * Builds stages into the builder's cache, where the build of the layer itself finds them, or joins them while they run: BuildKit makes
 * equal steps once. It is done beside Pulumi, so that no plan and no state has anything of it, and as it only saves time
 * its failure is nobody's: the layer's own build comes upon the same and tells.
 *
 * It needs buildx, on PATH or as Docker's plugin; without it nothing is fetched ahead.
 */
export async function prefetch(what: Prefetch): Promise<void> {
  const variables = Object.keys(what.secrets).map((_, index) => `STRATA_SECRET_${index}`);
  const values = Object.values(what.secrets).map((value, index) => [variables[index], value] as const);
  // Secrets go by the environment: a command line is open to all of a machine's users.
  const timeout = milliseconds(what.timeout);
  await runBake(what.builder, bakeFileOf(what, variables), { env: Object.fromEntries(values), timeout });
}

/** The longest that Node.js waits for anything. */
const longest = 2 ** 31 - 1;

function milliseconds(duration: string): number {
  const [, ...parts] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Math.min(longest, parts.reduce((sum, part) => sum * 60 + Number(part ?? 0), 0) * 1000);
}

/** In milliseconds: builds wait for it. */
const lookUpLimit = 20_000;

/** An upstream of stages that are fetched ahead. */
export interface UpstreamAhead {
  /** As the Dockerfile names it. */
  readonly name: string;
  /** `repository@sha256:…`, where the builder gets it. */
  readonly ref: string;
  readonly platforms: readonly string[];
  /** A folder to be the context of a build that reads nothing: a path relative to the project. */
  readonly context: string;
}

/**
 * Has a builder look upstreams up, in a build that ends before others begin.
 *
 * What builds have made on an upstream BuildKit (0.31) does not find again while one is under way that was the first to ask for the
 * upstream: on a builder that has nothing, stages that were fetched ahead would be built a second time with their layer. Where it does not
 * succeed they are, which is nobody's failure.
 *
 * @param timeout in milliseconds. @default 20 s
 */
export async function lookUp(
  builder: string,
  upstreams: readonly UpstreamAhead[],
  timeout = lookUpLimit,
): Promise<void> {
  if (upstreams.length === 0) return;
  const targets = upstreams.map(({ name, ref, platforms, context }, index) => [
    `upstream-${index}`,
    {
      // With a target the builder's record of it is not taken for one of the layer.
      ...{ "dockerfile-inline": `FROM ${name} AS upstream\n`, target: "upstream", output: ["type=cacheonly"] },
      ...{ context, contexts: { [name]: `docker-image://${ref}` }, platforms },
    },
  ]);
  const file = { group: { default: { targets: targets.map(([name]) => name) } }, target: Object.fromEntries(targets) };
  await runBake(builder, file, { timeout, killSignal: "SIGKILL" });
}

/** Buildx by itself, or as Docker's plugin. */
async function runBake(builder: string, file: object, options: SpawnOptions): Promise<void> {
  const bake = ["bake", "--builder", builder, "--progress", "quiet", "--file", "-"];
  const env = { ...process.env, BUILDX_NO_DEFAULT_ATTESTATIONS: "1", ...options.env };
  const input = JSON.stringify(literal(file));
  const ran = await run("buildx", bake, input, { ...options, env });
  if (!ran) await run("docker", ["buildx", ...bake], input, { ...options, env });
}

/** @returns false where there is no such command */
function run(command: string, args: readonly string[], input: string, options: SpawnOptions): Promise<boolean> {
  return new Promise((resolve) => {
    // A value may be longer than an environment takes, which is an error at once.
    const child = spawn(command, args, { ...options, stdio: ["pipe", "ignore", "ignore"] });
    // An update that ends earlier does not wait; the builder then stops what nobody waits for.
    child.unref();
    const stop = () => child.kill();
    process.once("exit", stop);
    const ended = (ran: boolean) => {
      process.removeListener("exit", stop);
      resolve(ran);
    };
    child.once("error", () => ended(false));
    child.once("exit", () => ended(true));
    // One that ends before it has read all says so by its exit.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** @param variables where each of the secrets is found, in their order */
export function bakeFileOf(what: Prefetch, variables: readonly string[]) {
  const { context, dockerfilePath, stages, platforms, rebuild, cache } = what;
  const secret = Object.keys(what.secrets).map((id, index) => `type=env,id=${id},env=${variables[index]}`);
  const common = {
    context,
    dockerfile: relative(context, dockerfilePath),
    contexts: Object.fromEntries(
      Object.entries(what.upstreams).map(([name, { ref }]) => [name, `docker-image://${ref}`]),
    ),
    args: { ...buildArguments, ...what.arguments },
    platforms,
    "cache-from": [`type=registry,ref=${cache}`],
    // Compresses what the steps made. A cache with all stages needs that, and the layer's build would do it at its end, with all that
    // stands on it waiting. It is not named, pushed or kept as an image.
    output: [
      what.cached ? `type=image,store=false,oci-mediatypes=true,compression=${what.compression}` : "type=cacheonly",
    ],
    ...(rebuild > 0 ? { "extra-hosts": Object.fromEntries([rebuildHost(rebuild)]) } : {}),
    ...(secret.length > 0 ? { secret } : {}),
  };
  // A target's name has no dots in it, and a stage's may.
  const targets = stages.map((stage, index) => [`stage-${index}`, { ...common, target: stage }] as const);
  return { group: { default: { targets: targets.map(([name]) => name) } }, target: Object.fromEntries(targets) };
}
