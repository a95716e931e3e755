import * as pulumi from "@pulumi/pulumi";
import pLimit from "p-limit";
import type { ImagePlace } from "../naming";
import { askRegistry, RegistryError } from "../registry";
import { anySemantic } from "./versions";

/** How many questions run at once. */
const atOnce = pLimit(8);

/**
 * The semantic versions that registries have of layers of which the state knows none: those of a stack that was destroyed, whose tags
 * stay. Without them `1` and `latest` could go back to an older version.
 *
 * @param layers by name, where their images are
 * @returns by layer: version → digest; nothing for a layer whose registry cannot be asked, of which a warning tells
 */
export async function adoptedVersions(
  layers: Readonly<Record<string, ImagePlace>>,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const found = Object.entries(layers).map(
    async ([layer, place]) => [layer, await versionsThere(layer, place)] as const,
  );
  return new Map(await Promise.all(found));
}

async function versionsThere(layer: string, { repository, tagPrefix }: ImagePlace): Promise<Record<string, string>> {
  const ask = (args: readonly string[]) => atOnce(() => askRegistry(args, repository, {}));
  try {
    const tags = ((await ask(["tag", "ls", repository])) ?? "").split("\n").filter((tag) => tag.startsWith(tagPrefix));
    const versions = tags.map((tag) => tag.slice(tagPrefix.length)).filter((version) => anySemantic([version]));
    const digests = versions.map(async (version) => {
      const digest = await ask(["image", "digest", `${repository}:${tagPrefix}${version}`]);
      return digest === undefined ? [] : [[version, digest.trim()] as const];
    });
    return Object.fromEntries((await Promise.all(digests)).flat());
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    void pulumi.log.warn(`which versions of ${layer} there were before is not known: ${error.message}`);
    return {};
  }
}
