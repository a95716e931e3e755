import { imagesOf, platformName, platformOf, readConfig, readManifest, repositoryOf } from "../../oci";
import type { Registries } from "./registries";

/** What is copied of an image for one platform. */
export interface PlatformImage {
  readonly digest: string;
  /** In its normal form. @example "linux/arm64" */
  readonly platform: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * An image for each of its platforms, without what was attested of it.
 *
 * @param ref `repository@sha256:…`
 * @returns undefined where the registry does not have it, or not all of it
 * @throws Error where the registry cannot be asked, and for what is no image
 */
export async function readImage(ref: string, { ask }: Registries): Promise<PlatformImage[] | undefined> {
  const repository = repositoryOf(ref);
  const top = await readManifest(ref, ask);
  if (!top) return undefined;
  const images = imagesOf(top) ?? [undefined];
  const found = await Promise.all(
    images.map(async (image) => {
      const one = image ? `${repository}@${image.digest}` : ref;
      const manifest = image ? await readManifest(one, ask) : top;
      const config = manifest && (await readConfig(repository, manifest, ask));
      if (!config) return undefined;
      const platform = platformName(image?.platform ?? platformOf(config, one));
      return { digest: one.slice(repository.length + 1), platform, labels: config.config?.Labels ?? {} };
    }),
  );
  return found.every((one) => one !== undefined) ? found : undefined;
}
