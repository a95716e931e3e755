import { dirname, join } from "node:path";
import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import { runsAs } from "./catalog/platform";

/** What is known of the outside before anything is built. What could not be asked is undefined, and no reason to stop. */
export interface Outside {
  /** The name of the buildx builder. */
  readonly builder: string;
  /** What it runs commands on, natively or emulated. */
  readonly builderPlatforms: readonly string[] | undefined;
  /** By the names that Dockerfiles use, the platforms of images: of upstreams, and of layers beneath where they count too. */
  readonly imagePlatforms: ReadonlyMap<string, readonly string[] | undefined>;
}

/**
 * What would fail in the middle of a layer's build, or, worse, would not: BuildKit builds linux/arm64 on an upstream that is a
 * single image for linux/amd64 without an error, stops where an index has none, and starts arm64 commands where nothing can run them.
 *
 * A layer that only copies is built for any platform on any builder.
 */
export function preflight(
  layer: Pick<
    CatalogLayer,
    "name" | "dockerfilePath" | "platforms" | "commandPlatforms" | "testPlatforms" | "needs" | "upstreams"
  >,
  { builder, builderPlatforms, imagePlatforms }: Outside,
): InputError[] {
  const wrong = (problem: string) => new InputError(layer.dockerfilePath, problem);
  const problems: InputError[] = [];
  for (const platform of builderPlatforms ? layer.commandPlatforms : []) {
    if (builderPlatforms?.some((runs) => runsAs(platform, runs))) continue;
    problems.push(
      wrong(
        `the builder ${builder} cannot run ${platform}, which ${layer.name} needs for its RUN steps (it runs ${list(builderPlatforms)}); add a node or an emulator for it (docs/guide/builders.md), or ${without(platform, layer)}`,
      ),
    );
  }
  for (const platform of builderPlatforms ? layer.testPlatforms : []) {
    if (layer.commandPlatforms.includes(platform) || builderPlatforms?.some((runs) => runsAs(platform, runs))) continue;
    problems.push(
      wrong(
        `the builder ${builder} cannot run ${platform}, which the tests of ${layer.name} run on (it runs ${list(builderPlatforms)}); add a node or an emulator for it (docs/guide/builders.md), or set testPlatforms in ${join(dirname(layer.dockerfilePath), "image.yaml")}`,
      ),
    );
  }
  for (const [image, { platforms, ofBuilder }] of Object.entries(layer.needs)) {
    const has = imagePlatforms.get(image);
    if (!has) continue;
    for (const platform of platforms.filter((wanted) => !has.some((made) => runsAs(made, wanted)))) {
      problems.push(
        wrong(
          `${described(image, layer)} has no ${platform}, which ${layer.name} is built on (it has ${list(has)}); pin an index that has it, or ${without(platform, layer)}`,
        ),
      );
    }
    // Each node of a builder takes its own, and which is native is not told: none at all is what is certain.
    if (ofBuilder && builderPlatforms && !builderPlatforms.some((runs) => has.some((made) => runsAs(made, runs)))) {
      problems.push(
        wrong(
          `${described(image, layer)} has no platform of the builder ${builder} (it has ${list(has)}, the builder ${list(builderPlatforms)}), and ${layer.name} uses it with --platform=$BUILDPLATFORM; pin an index that has one`,
        ),
      );
    }
  }
  return problems;
}

function described(image: string, { upstreams }: Pick<CatalogLayer, "upstreams">): string {
  return upstreams.some(({ name, standIn }) => name === image && standIn)
    ? `the stand-in for ${image}, made on this machine,`
    : image;
}

/** A platform that the layer is not built for can only have come from a --platform. */
function without(
  platform: string,
  { name, dockerfilePath, platforms }: Pick<CatalogLayer, "name" | "dockerfilePath" | "platforms">,
): string {
  if (!platforms.includes(platform)) return `change the --platform in ${dockerfilePath}`;
  return `take it out of the platforms of ${name} (${join(dirname(dockerfilePath), "image.yaml")}, or strata:platforms)`;
}

function list(platforms: readonly string[] = []): string {
  return platforms.join(", ") || "none";
}
