import { type FilesystemLayer, layersWithSteps } from "../../components/image";
import {
  askIn,
  type Config,
  imagesOf,
  type Manifest,
  noImage,
  type Platform,
  platformName,
  platformOf,
  readConfig,
  readManifest,
} from "../../components/oci";
import { RegistryError } from "../../components/registry";
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

/** The platforms of an image, each with where its own manifest is. */
export async function platformsIn(repository: string, digest: string, env: Environment): Promise<Map<string, string>> {
  const top = await manifestOf(repository, digest, env);
  const images = imagesOf(top);
  if (images) return new Map(images.flatMap(({ platform, digest }) => (platform ? [[nameOf(platform), digest]] : [])));
  const config = await configOf(repository, top, env);
  return new Map([[nameOf(platformOf(config, `${repository}@${digest}`)), digest]]);
}

/** @param digest of the image of one platform, as `platformsIn` gives it */
export async function readImage(
  repository: string,
  platform: string,
  digest: string,
  env: Environment,
): Promise<Image> {
  const manifest = await manifestOf(repository, digest, env);
  const config = await configOf(repository, manifest, env);
  return {
    platform,
    config: flat(config.config ?? {}),
    steps: (config.history ?? []).map(({ created_by = "" }) => created_by),
    layers: layersWithSteps(manifest, config).map((layer) => ({ ...layer, mediaType: layer.mediaType ?? "" })),
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
  return present(await readManifest(ref, askIn(env)), ref);
}

async function configOf(repository: string, manifest: Manifest, env: Environment): Promise<Config> {
  if (!manifest.config) throw noImage(repository);
  return present(await readConfig(repository, manifest, askIn(env)), `${repository}@${manifest.config.digest}`);
}

function present<T>(found: T | undefined, ref: string): T {
  if (found === undefined) throw new RegistryError(`${ref}: the registry does not have it`);
  return found;
}

/** Also of a platform that is none that we know. */
function nameOf(platform: Platform): string {
  return platformName(platform) ?? Object.values(platform).filter(Boolean).join("/");
}
