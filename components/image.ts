import {
  type Ask,
  askIn,
  type Config,
  imagesOf,
  type Manifest,
  type Platform,
  platformName,
  platformOf,
  readConfig,
  readManifest,
  repositoryOf,
} from "./oci";
import { type Environment, RegistryError } from "./registry";

/**
 * The platforms of an image: those of its index, or of its one manifest.
 *
 * @param ref `repository@sha256:…`
 * @returns sorted, in their normal form; undefined where that cannot be told: the registry cannot be asked, does not have it, or
 *   has no image there
 */
export async function imagePlatforms(ref: string, env: Environment = {}): Promise<readonly string[] | undefined> {
  try {
    const ask = askIn(env);
    const top = await readManifest(ref, ask);
    if (top === undefined) return undefined;
    const images = imagesOf(top) ?? [undefined];
    const named = await Promise.all(
      images.map((image) => {
        if (image === undefined) return configPlatform(ref, top, ask);
        return image.platform ?? platformAt(`${repositoryOf(ref)}@${image.digest}`, ask);
      }),
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
  /** How it is packed. @example "application/vnd.oci.image.layer.v1.tar+zstd" */
  readonly mediaType?: string | undefined;
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
      const config = steps ? await readConfig(repositoryOf(ref), image, askIn(env)) : undefined;
      const layers = config ? layersWithSteps(image, config) : (image.layers ?? []);
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
export function withoutThose(layers: readonly FilesystemLayer[], others: ImageLayers): FilesystemLayer[] {
  const known = new Set(others.flat().map(({ digest }) => digest));
  return [...new Map(layers.filter(({ digest }) => !known.has(digest)).map((layer) => [layer.digest, layer])).values()];
}

function bytesIn(layers: readonly FilesystemLayer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

async function platformsOf(ref: string, env: Environment): Promise<Manifest[] | undefined> {
  const ask = askIn(env);
  const top = await readManifest(ref, ask);
  const images = top && imagesOf(top);
  if (top === undefined || images === undefined) return top && [top];
  const manifests = await Promise.all(images.map(({ digest }) => readManifest(`${repositoryOf(ref)}@${digest}`, ask)));
  return manifests.filter((manifest) => manifest !== undefined);
}

/** The filesystem layers of the image of one platform, each with the instruction that made it where that is told. */
export function layersWithSteps({ layers = [] }: Manifest, { history }: Config) {
  const steps = (history ?? []).filter(({ empty_layer }) => !empty_layer);
  return layers.map((layer, index) => ({ ...layer, step: steps[index]?.created_by }));
}

async function platformAt(ref: string, ask: Ask): Promise<Platform | undefined> {
  const manifest = await readManifest(ref, ask);
  return manifest && configPlatform(ref, manifest, ask);
}

async function configPlatform(ref: string, manifest: Manifest, ask: Ask): Promise<Platform | undefined> {
  const config = await readConfig(repositoryOf(ref), manifest, ask);
  return config && platformOf(config, ref);
}
