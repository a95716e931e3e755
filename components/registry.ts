import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type AskOptions, askTool, NoAnswer } from "./ask-tool";
import { normalPlatform } from "./catalog/platform";
import { withoutQueries } from "./shown-address";

/** DOCKER_CONFIG, SSL_CERT_FILE, PATH, on top of this process's own. */
type Environment = NonNullable<AskOptions["env"]>;

/** In milliseconds, for one question with all its tries. */
const limit = 30_000;
/** In milliseconds, before each further try, and as much again by chance: what failed together is not to come back together. */
const pauses = [250, 1000];

export const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** What is read of an index or a manifest (OCI image specification, and Docker's own of the same shape). */
const manifestSchema = z.object({
  manifests: z.array(z.object({ digest: z.string(), platform: platformSchema.optional() })).optional(),
  config: z.object({ digest: z.string() }).optional(),
  layers: z.array(z.object({ digest: z.string(), size: z.number() })).optional(),
});

const historySchema = z.object({
  history: z.array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() })).optional(),
});

type Manifest = z.infer<typeof manifestSchema>;

/**
 * The platforms of an image: those of its index, or of its one manifest.
 *
 * @param ref `repository@sha256:…`
 * @returns sorted, in their normal form; undefined where that cannot be told: the registry cannot be asked, does not have it, or
 *   has no image there
 */
export async function imagePlatforms(ref: string, env: Environment = {}): Promise<readonly string[] | undefined> {
  try {
    const top = await manifestOf(ref, env);
    if (top === undefined) return undefined;
    const named = await Promise.all(
      (top.manifests ?? [{ digest: digestOf(ref), platform: undefined }]).map(
        ({ digest, platform }) => platform ?? configPlatform(`${repositoryOf(ref)}@${digest}`, env),
      ),
    );
    const platforms = named.flatMap((platform) => (platform ? platformName(platform) : undefined) ?? []);
    return platforms.length > 0 ? [...new Set(platforms)].sort() : undefined;
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/**
 * The bytes of an image's filesystem layers as a registry keeps and sends them: compressed, of all platforms, each layer once.
 *
 * @param ref `repository@sha256:…`
 * @returns undefined where the registry does not have the image
 * @throws RegistryError where the registry cannot be asked, and for what is no image
 */
export async function imageSize(ref: string, env: Environment = {}): Promise<number | undefined> {
  const image = await imageLayers(ref, env);
  return image && addedSize(image, []);
}

/** The filesystem layers of an image, for each of its platforms. */
export type ImageLayers = readonly (readonly FilesystemLayer[])[];

/**
 * @param ref `repository@sha256:…`
 * @returns undefined where the registry does not have the image
 * @throws RegistryError where the registry cannot be asked, and for what is no image
 */
export async function imageLayers(ref: string, env: Environment = {}): Promise<ImageLayers | undefined> {
  return (await platformsOf(ref, env))?.map(({ layers = [] }) => layers);
}

/** One of the layers of which an image's filesystem is made. */
export interface FilesystemLayer {
  readonly digest: string;
  /** In bytes, compressed. */
  readonly size: number;
  /** The instruction that made it, as the image's history has it. */
  readonly step?: string | undefined;
}

/**
 * The filesystem layers that an image adds to another one, of the platform on which they are most bytes: what somebody fetches who
 * has the other.
 *
 * @param ref `repository@sha256:…`
 * @param base the same, or empty for `scratch`
 * @param steps whether to tell what made each
 * @returns undefined where a registry does not have one of the two
 * @throws RegistryError where a registry cannot be asked, and for what is no image
 */
export async function addedLayers(
  ref: string,
  base: string,
  { steps = false, env = {} }: { steps?: boolean; env?: Environment } = {},
): Promise<readonly FilesystemLayer[] | undefined> {
  const [images, beneath] = await Promise.all([platformsOf(ref, env), base === "" ? [] : platformsOf(base, env)]);
  if (!images || !beneath) return undefined;
  const others = beneath.map(({ layers = [] }) => layers);
  const added = await Promise.all(
    images.map(async (image) => {
      const layers = steps ? await withSteps(image, repositoryOf(ref), env) : (image.layers ?? []);
      return withoutThose(layers, others);
    }),
  );
  return added.sort((a, b) => bytesIn(b) - bytesIn(a))[0] ?? [];
}

/** The bytes of what an image adds to others, of all platforms, each layer once: platforms may share some. */
export function addedSize(image: ImageLayers, others: ImageLayers): number {
  return bytesIn(withoutThose(image.flat(), others));
}

/** Of the platform on which that is most: what somebody fetches who has the others. */
export function mostAdded(image: ImageLayers, others: ImageLayers): number {
  return Math.max(0, ...image.map((layers) => bytesIn(withoutThose(layers, others))));
}

/** Each layer once. */
function withoutThose(layers: readonly FilesystemLayer[], others: ImageLayers): FilesystemLayer[] {
  const known = new Set(others.flat().map(({ digest }) => digest));
  return [...new Map(layers.filter(({ digest }) => !known.has(digest)).map((layer) => [layer.digest, layer])).values()];
}

function bytesIn(layers: readonly FilesystemLayer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

async function platformsOf(ref: string, env: Environment): Promise<Manifest[] | undefined> {
  const top = await manifestOf(ref, env);
  if (top === undefined || !top.manifests) return top && [top];
  const images = top.manifests.filter(({ platform }) => platform?.os !== "unknown");
  const manifests = await Promise.all(images.map(({ digest }) => manifestOf(`${repositoryOf(ref)}@${digest}`, env)));
  return manifests.filter((manifest) => manifest !== undefined);
}

async function withSteps({ config, layers = [] }: Manifest, repository: string, env: Environment) {
  const body = config && (await askRegistry(["blob", "get", repository, config.digest], repository, env));
  if (body === undefined) return layers;
  const { history = [] } = parsed(body, historySchema, repository);
  const steps = history.filter(({ empty_layer }) => !empty_layer);
  return layers.map((layer, index) => ({ ...layer, step: steps[index]?.created_by }));
}

/** Says that a registry could not be asked, or what it gave is no image. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

async function manifestOf(ref: string, env: Environment): Promise<Manifest | undefined> {
  const body = await askRegistry(["manifest", "get", ref, "--format", "raw-body"], ref, env);
  return body === undefined ? undefined : parsed(body, manifestSchema, ref);
}

async function configPlatform(ref: string, env: Environment): Promise<z.infer<typeof platformSchema> | undefined> {
  const config = (await manifestOf(ref, env))?.config;
  if (config === undefined) return undefined;
  const body = await askRegistry(["blob", "get", repositoryOf(ref), config.digest], ref, env);
  return body === undefined ? undefined : parsed(body, platformSchema, ref);
}

function parsed<T>(body: string, schema: z.ZodType<T>, ref: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw new RegistryError(`${ref}: what the registry has there is no image`);
  }
}

export interface RegistryOptions {
  /** In milliseconds, for all tries. @default 30 seconds */
  readonly time?: number;
  /** Ends regctl when it is aborted. */
  readonly signal?: AbortSignal;
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

async function withTries(args: readonly string[], env: Environment, { time = limit, signal }: RegistryOptions) {
  const end = Date.now() + time;
  for (let attempt = 0; ; attempt++) {
    try {
      const left = Math.max(1, end - Date.now());
      return await askTool("regctl", args, { limit: left, env, ...(signal ? { signal } : {}) });
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

/** What people can do about it. */
function hintOn({ said }: NoAnswer, refs: readonly string[]): string {
  if (!/\[http 40[13]\]|unauthorized/i.test(said)) return "";
  const hosts = [...new Set(refs.map((ref) => ref.slice(0, ref.indexOf("/"))))];
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

export function platformName({ os, architecture, variant }: z.infer<typeof platformSchema>): string | undefined {
  // Not of an image, but of what was attested of one.
  if (os === "unknown") return undefined;
  return normalPlatform([os, architecture, ...(variant ? [variant] : [])].join("/"));
}

function repositoryOf(ref: string): string {
  return ref.slice(0, ref.indexOf("@"));
}

function digestOf(ref: string): string {
  return ref.slice(ref.indexOf("@") + 1);
}
