import { z } from "zod";
import { normalPlatform } from "../../components/catalog/platform";
import { askRegistry, type FilesystemLayer, RegistryError } from "../../components/registry";
import type { Environment } from "../stack/environment";

/** What is compared of an image, of one platform. */
export interface Image {
  readonly platform: string;
  /** What it is started with, by keys such as `User`, `Env.PATH` and `Labels.maintainer`. */
  readonly config: Readonly<Record<string, string>>;
  /** The instructions that it was made by, from the bottom up. */
  readonly steps: readonly string[];
  /** From the bottom up. */
  readonly layers: readonly ImageLayer[];
}

export interface ImageLayer extends FilesystemLayer {
  /** How it is packed. @example "application/vnd.oci.image.layer.v1.tar+zstd" */
  readonly mediaType: string;
}

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const descriptorSchema = z.object({ digest: z.string(), size: z.number(), mediaType: z.string() });
const topSchema = z.object({
  manifests: z.array(descriptorSchema.extend({ platform: platformSchema.optional() })).optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
});
const configSchema = platformSchema.extend({
  config: z.record(z.string(), z.unknown()).nullish(),
  history: z.array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() })).nullish(),
});

type Manifest = z.infer<typeof topSchema>;

/** The platforms of an image, each with where its own manifest is. */
export async function platformsIn(repository: string, digest: string, env: Environment): Promise<Map<string, string>> {
  const top = await manifestOf(repository, digest, env);
  const images = (top.manifests ?? []).filter(({ platform }) => platform && platform.os !== "unknown");
  if (!top.manifests) {
    const { os, architecture, variant } = await configOf(repository, top, env);
    return new Map([[nameOf({ os, architecture, variant }), digest]]);
  }
  return new Map(images.map(({ platform, digest }) => [nameOf(platform as z.infer<typeof platformSchema>), digest]));
}

/** @param digest of the image of one platform, as `platformsIn` gives it */
export async function readImage(
  repository: string,
  platform: string,
  digest: string,
  env: Environment,
): Promise<Image> {
  const manifest = await manifestOf(repository, digest, env);
  const { config, history } = await configOf(repository, manifest, env);
  const steps = (history ?? []).map(({ created_by = "", empty_layer = false }) => ({ created_by, empty_layer }));
  const full = steps.filter(({ empty_layer }) => !empty_layer);
  return {
    platform,
    config: flat(config ?? {}),
    steps: steps.map(({ created_by }) => created_by),
    layers: (manifest.layers ?? []).map((layer, index) => ({ ...layer, step: full[index]?.created_by })),
  };
}

/** `{ User: "1000", Env: ["A=1"], Labels: { x: "y" } }` → `{ User: "1000", "Env.A": "1", "Labels.x": "y" }` */
export function flat(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(config).flatMap(([key, value]): [string, string][] => {
    if (key === "Env" && Array.isArray(value)) {
      return value.map(String).map((line) => {
        const at = line.indexOf("=");
        return [`Env.${line.slice(0, at)}`, line.slice(at + 1)];
      });
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return Object.entries(value).map(([inner, text]) => [`${key}.${inner}`, written(text)]);
    }
    return value === null ? [] : [[key, written(value)]];
  });
  return Object.fromEntries(entries);
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function manifestOf(repository: string, digest: string, env: Environment): Promise<Manifest> {
  const ref = `${repository}@${digest}`;
  return read(await askRegistry(["manifest", "get", ref, "--format", "raw-body"], ref, env), topSchema, ref);
}

async function configOf(repository: string, { config }: Manifest, env: Environment) {
  const ref = `${repository}@${config?.digest}`;
  if (!config) throw new RegistryError(`${repository}: what the registry has there is no image`);
  return read(await askRegistry(["blob", "get", repository, config.digest], ref, env), configSchema, ref);
}

function read<T>(body: string | undefined, schema: z.ZodType<T>, ref: string): T {
  if (body === undefined) throw new RegistryError(`${ref}: the registry does not have it`);
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw new RegistryError(`${ref}: what the registry has there is no image`);
  }
}

function nameOf({ os, architecture, variant }: z.infer<typeof platformSchema>): string {
  const name = [os, architecture, ...(variant ? [variant] : [])].join("/");
  return normalPlatform(name) ?? name;
}
