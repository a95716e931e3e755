import * as pulumi from "@pulumi/pulumi";
import pLimit from "p-limit";
import { type ImagePlace, placeOf } from "../naming";
import { askRegistry, RegistryError } from "../registry";
import type { Settings } from "../settings";
import type { PreviousReleases } from "./previous";
import type { Registries } from "./provider/registries";
import { namesVersions } from "./tags";
import { anySemantic } from "./versions";

/** How many questions run at once. */
const atOnce = pLimit(8);

/**
 * Where the images are of the layers that get versions, and of which the state does not know what versions there are: it knows those of
 * one repository, and none where tags were never made of versions.
 *
 * @param known what the state tells of the tags of each layer
 */
export function unknownPlaces(
  layers: readonly string[],
  known: PreviousReleases["tags"],
  settings: Pick<Settings, "releaseTags" | "registry" | "organisation" | "repository">,
): Record<string, ImagePlace> {
  if (!namesVersions(settings.releaseTags)) return {};
  const places = layers.map((name) => [name, placeOf(settings.repository, { ...settings, name })] as const);
  const unknown = places.filter(([name, { repository }]) => {
    const given = known.get(name);
    return given?.versions === undefined || given.repository !== repository;
  });
  return Object.fromEntries(unknown);
}

/**
 * The semantic versions that registries have of layers of which the state knows none: those of a stack that was destroyed, whose tags
 * stay. Without them `1` and `latest` could go back to an older version.
 *
 * @param layers by name, where their images are
 * @returns by layer: version → digest; nothing for a layer whose registry cannot be asked, of which a warning tells
 */
export async function adoptedVersions(
  layers: Readonly<Record<string, ImagePlace>>,
  ask: Registries["ask"] = (args, ref) => atOnce(() => askRegistry(args, ref, {})),
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const found = Object.entries(layers).map(
    async ([layer, place]) => [layer, await versionsThere(layer, place, ask)] as const,
  );
  return new Map(await Promise.all(found));
}

async function versionsThere(
  layer: string,
  { repository, tagPrefix }: ImagePlace,
  ask: Registries["ask"],
): Promise<Record<string, string>> {
  try {
    const listed = (await ask(["tag", "ls", repository], repository)) ?? "";
    const tags = listed.split("\n").filter((tag) => tag.startsWith(tagPrefix));
    const versions = tags.map((tag) => tag.slice(tagPrefix.length)).filter((version) => anySemantic([version]));
    const digests = versions.map(async (version) => {
      const digest = await ask(["image", "digest", `${repository}:${tagPrefix}${version}`], repository);
      return digest === undefined ? [] : [[version, digest.trim()] as const];
    });
    return Object.fromEntries((await Promise.all(digests)).flat());
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    void pulumi.log.warn(`which versions of ${layer} there were before is not known: ${error.message}`);
    return {};
  }
}
