import { z } from "zod";
import { normalPlatform } from "./catalog/platform";
import { askRegistry, type Environment, RegistryError } from "./registry";

/*
 * Images as a registry keeps them, by what the OCI image specification calls image index, image manifest and image configuration, and by what Docker has of the
 * same shape: https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md. Of each, what is read here.
 */

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** An index, which has `manifests`, or the manifest of the image of one platform. */
const manifestSchema = z.object({
  manifests: z.array(z.object({ digest: z.string(), platform: platformSchema.optional() })).optional(),
  config: z.object({ digest: z.string() }).optional(),
  layers: z.array(z.object({ digest: z.string(), size: z.number(), mediaType: z.string().optional() })).optional(),
});

const configSchema = platformSchema.partial().extend({
  config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  history: z.array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() })).nullish(),
});

export type Platform = z.infer<typeof platformSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
export type Config = z.infer<typeof configSchema>;

/** Asks a registry, as `askRegistry` does: undefined for what it does not have. */
export type Ask = (args: readonly string[], ref: string) => Promise<string | undefined>;

export function askIn(env: Environment): Ask {
  return (args, ref) => askRegistry(args, ref, env);
}

/**
 * @param ref `repository@sha256:…`
 * @returns undefined where the registry does not have it
 * @throws RegistryError where the registry cannot be asked, and for what is no image
 */
export async function readManifest(ref: string, ask: Ask): Promise<Manifest | undefined> {
  const body = await ask(["manifest", "get", ref, "--format", "raw-body"], ref);
  return body === undefined ? undefined : parsed(manifestSchema, body, ref);
}

/**
 * @returns undefined where the manifest has none, as an index, or the registry does not have it
 * @throws RegistryError where the registry cannot be asked, and for what is no image
 */
export async function readConfig(repository: string, { config }: Manifest, ask: Ask): Promise<Config | undefined> {
  if (config === undefined) return undefined;
  const ref = `${repository}@${config.digest}`;
  const body = await ask(["blob", "get", repository, config.digest], ref);
  return body === undefined ? undefined : parsed(configSchema, body, ref);
}

/** The images of an index, one for each platform, without what was attested of them; undefined for what is no index. */
export function imagesOf({ manifests }: Manifest): Manifest["manifests"] {
  return manifests?.filter(({ platform }) => platform?.os !== "unknown");
}

/** @throws RegistryError where a configuration says none. @param ref whose it is, for the error */
export function platformOf({ os, architecture, variant }: Config, ref: string): Platform {
  if (os === undefined || architecture === undefined) throw noImage(ref);
  return { os, architecture, variant };
}

/** @returns its normal form, such as "linux/arm64"; undefined for what is no platform, but says what is attested of an image */
export function platformName({ os, architecture, variant }: Platform): string | undefined {
  if (os === "unknown") return undefined;
  return normalPlatform([os, architecture, ...(variant ? [variant] : [])].join("/"));
}

/** @param ref `repository@sha256:…` */
export function repositoryOf(ref: string): string {
  return ref.slice(0, ref.indexOf("@"));
}

function parsed<T>(schema: z.ZodType<T>, body: string, ref: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw noImage(ref);
  }
}

export function noImage(ref: string): RegistryError {
  return new RegistryError(`${ref}: what the registry has there is no image`);
}
