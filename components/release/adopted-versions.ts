import * as pulumi from "@pulumi/pulumi";
import pLimit from "p-limit";
import { InputError } from "../catalog/input-error";
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
 * @returns by layer: version → digest. In a preview nothing for a layer whose registry cannot be asked, of which a warning tells
 * @throws InputError in an update where a registry cannot be asked: what is not known now the state would take for none ever after
 */
export async function adoptedVersions(
  layers: Readonly<Record<string, ImagePlace>>,
  ask: Registries["ask"] = (args, ref) => atOnce(() => askRegistry(args, ref, {})),
  isPreview = pulumi.runtime.isDryRun(),
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const problems: InputError[] = [];
  const found = Object.entries(layers).map(async ([layer, place]) => {
    const versions = await versionsThere(place, ask).catch((error) => {
      if (!(error instanceof RegistryError)) throw error;
      problems.push(notKnown(layer, error));
      return {};
    });
    return [layer, versions] as const;
  });
  const adopted = new Map(await Promise.all(found));
  if (problems.length > 0 && !isPreview) throw InputError.of(problems);
  for (const { message } of problems) void pulumi.log.warn(message);
  return adopted;
}

function notKnown(layer: string, { message }: RegistryError): InputError {
  return new InputError(
    "strata:releaseTags",
    `which versions of ${layer} there are is not known, and without them latest could go back to an older one: ${message}. ` +
      "Run the update again when the registry answers; where it refuses to list a repository that is not there yet, " +
      "leave {version} out for the first update",
  );
}

async function versionsThere(
  { repository, tagPrefix }: ImagePlace,
  ask: Registries["ask"],
): Promise<Record<string, string>> {
  const listed = (await ask(["tag", "ls", repository], repository)) ?? "";
  const tags = listed.split("\n").filter((tag) => tag.startsWith(tagPrefix));
  const versions = tags.map((tag) => tag.slice(tagPrefix.length)).filter((version) => anySemantic([version]));
  const digests = versions.map(async (version) => {
    const digest = await ask(["image", "digest", `${repository}:${tagPrefix}${version}`], repository);
    return digest === undefined ? [] : [[version, digest.trim()] as const];
  });
  return Object.fromEntries((await Promise.all(digests)).flat());
}
