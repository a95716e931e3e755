import { z } from "zod";
import { platformName, platformSchema } from "../../registry";
import type { Registries } from "./registries";

/** What is copied of an image for one platform. */
export interface PlatformImage {
  readonly digest: string;
  /** In its normal form. @example "linux/arm64" */
  readonly platform: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const manifest = z.object({
  manifests: z.array(z.object({ digest: z.string(), platform: platformSchema.optional() })).optional(),
  config: z.object({ digest: z.string() }).optional(),
});
const config = platformSchema.extend({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).optional(),
});

/**
 * An image for each of its platforms, without what was attested of it.
 *
 * @param ref `repository@sha256:…`
 * @returns undefined where the registry does not have it, or not all of it
 * @throws Error where the registry cannot be asked, and for what is no image
 */
export async function readImage(ref: string, registries: Registries): Promise<PlatformImage[] | undefined> {
  const repository = ref.slice(0, ref.indexOf("@"));
  const top = await read(["manifest", "get", ref, "--format", "raw-body"], manifest, ref, registries);
  if (!top) return undefined;
  const images = top.manifests?.filter(({ platform }) => platform?.os !== "unknown") ?? [undefined];
  const found = await Promise.all(
    images.map(async (image) => {
      const one = image ? `${repository}@${image.digest}` : ref;
      const { config: described } = image
        ? ((await read(["manifest", "get", one, "--format", "raw-body"], manifest, one, registries)) ?? {})
        : top;
      const about = described && (await read(["blob", "get", repository, described.digest], config, one, registries));
      const digest = one.slice(repository.length + 1);
      return about && { digest, platform: platformName(image?.platform ?? about), labels: about.config?.Labels ?? {} };
    }),
  );
  return found.every((one) => one !== undefined) ? found : undefined;
}

async function read<T>(
  args: readonly string[],
  schema: z.ZodType<T>,
  ref: string,
  { ask }: Registries,
): Promise<T | undefined> {
  const body = await ask(args, ref);
  if (body === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw new Error(`${ref}: what the registry has there is no image`);
  }
}
