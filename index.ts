import { join } from "node:path";
import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { builderPlatforms } from "./components/builder";
import { Builds } from "./components/builds";
import { readCatalog } from "./components/catalog/catalog";
import { FileHashes } from "./components/catalog/file-hashes";
import { readTests, untestedBy } from "./components/catalog/image-tests";
import { readUpstreams, refusePinnedStandIns } from "./components/catalog/upstreams";
import { reportLeftOut } from "./components/failed-resources";
import { Family } from "./components/family";
import { addedLayers, imageLayers, imagePlatforms } from "./components/image";
import { mountBlobs } from "./components/mount";
import { hideConfiguration } from "./components/own-configuration";
import { adoptedVersions, unknownPlaces } from "./components/release/adopted-versions";
import { commitsOf } from "./components/release/commits";
import { previousReleases } from "./components/release/previous";
import { Promotion } from "./components/release/promotion";
import { Release, releasedBy, withVersions } from "./components/release/release";
import { requestIn } from "./components/release/request";
import { layersIfThere, layersOf, type Source, sourceIn } from "./components/release/source";
import { needsCommits } from "./components/release/tags";
import { readSettings, type Settings } from "./components/settings";
import { newestFile } from "./components/timestamps";

hideConfiguration();
reportLeftOut();
const stack = pulumi.getStack();
const settings = readSettings(new pulumi.Config("strata"), stack);

/**
 * The outputs of a stack that builds: `layers`, for each layer { ref, digest, buildId, platforms, standIn, seconds, sizeBytes, commit, tests,
 * changed, versions }, of what passed its tests and keeps its budget; `lastUpdate`, what the last update that built anything
 * was expected to do, and did: { version, commit, predicted, actual, savedSeconds }.
 */
async function build(settings: Settings, source: Source | undefined) {
  refusePinnedStandIns(settings.upstreams, ".strata/stand-ins.yaml");
  const catalog = readCatalog({
    images: settings.images,
    upstreams: readUpstreams(settings.upstreams, settings.standIns),
    pinsFile: settings.upstreams,
    platforms: settings.platforms,
    secrets: new Set(Object.keys(settings.secrets)),
    hashes: new FileHashes(".strata/file-hashes.json"),
  });
  const { releaseTags } = settings;
  const [reuse, commits] = await Promise.all([
    source && layersOf(source),
    needsCommits(releaseTags)
      ? commitsOf(catalog, {
          images: settings.images,
          pinsFile: settings.upstreams,
          configFiles: [`Pulumi.${stack}.yaml`, "Pulumi.yaml"],
          known: ".strata/commits.json",
        })
      : undefined,
  ]);

  const builds = new Builds({
    builder: settings.builder,
    parallel: settings.parallel,
    paths: [settings.images, settings.upstreams, ...catalog.map(({ context }) => context)],
    files: catalog.flatMap(({ context, dockerfilePath, files }) => [
      dockerfilePath,
      ...files.map(({ path }) => join(context, path)),
    ]),
    ask: { builderPlatforms, imagePlatforms, imageLayers, addedLayers, mountBlobs, newestFile },
  });

  // The host is fixed because it is an input of the provider: with the default, another machine's DOCKER_HOST would replace
  // the provider and with it every image. Builds go to the builder, never to this host.
  const provider = new dockerbuild.Provider("docker-build", { host: "unix:///var/run/docker.sock" });

  const tests = readTests(catalog, settings.tests);
  const untested = untestedBy(tests, catalog);
  const family = new Family(
    "family",
    { ...settings, catalog, tests, untested, reuse, commits, builds, staging: ".strata/contexts" },
    { providers: { "docker-build": provider } },
  );
  const { layers, lastUpdate } = family;
  // Only now: meanwhile the family is under way.
  const previous = await previousReleases();
  if (releaseTags.length === 0 && previous.tags.size === 0) return { layers, lastUpdate };

  const checked = family.checked();
  const adopted = await adoptedVersions(unknownPlaces(Object.keys(checked), previous.tags, settings));
  const released = releasedBy(checked, { ...settings, stack, commits, previous, adopted, untested });
  const given = { layers: released, leftOut: family.leftOut(), before: previous.tags };
  const release = new Release("release", { ...settings, ...given });
  return { layers: withVersions(layers, release), lastUpdate };
}

/** The outputs of a stack that promotes: `layers`, as of one that builds. */
async function promote(settings: Settings, source: Source) {
  const request = requestIn(process.env);
  const [{ offered, unread }, { promoted, tags }] = await Promise.all([
    request ? layersIfThere(source) : { offered: await layersOf(source), unread: undefined },
    previousReleases(),
  ]);
  const layers = [...Object.keys(offered), ...promoted.keys()];
  const adopted = await adoptedVersions(unknownPlaces(layers, tags, settings));
  const promotion = new Promotion("promotion", { ...settings, source, offered, unread, request, promoted, adopted });
  const { released, leftOut } = promotion;
  const release = new Release("release", { ...settings, layers: released, leftOut, before: tags });
  return { layers: withVersions(promotion.layers, release) };
}

const source = sourceIn(settings);
export = () => (settings.promoteFrom && source ? promote(settings, source) : build(settings, source));
