import "./components/lean-sdk";
import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { builderPlatforms } from "./components/builder";
import { Builds } from "./components/builds";
import { readCatalog } from "./components/catalog/catalog";
import { FileHashes } from "./components/catalog/file-hashes";
import { readTests } from "./components/catalog/image-tests";
import { readUpstreams, refusePinnedStandIns } from "./components/catalog/upstreams";
import { Family } from "./components/family";
import { addedLayers, imageLayers, imagePlatforms } from "./components/registry";
import { readSettings } from "./components/settings";

const stack = pulumi.getStack();
const settings = readSettings(new pulumi.Config("strata"), stack);

refusePinnedStandIns(settings.upstreams, ".strata/stand-ins.yaml");
const upstreams = readUpstreams(settings.upstreams, settings.standIns);
const catalog = readCatalog({
  images: settings.images,
  upstreams,
  pinsFile: settings.upstreams,
  platforms: settings.platforms,
  secrets: new Set(Object.keys(settings.secrets)),
  hashes: new FileHashes(".strata/file-hashes.json"),
});
const tests = readTests(catalog, settings.tests);

const builds = new Builds({
  builder: settings.builder,
  parallel: settings.parallel,
  paths: [settings.images, settings.upstreams, ...catalog.map(({ context }) => context)],
  ask: { builderPlatforms, imagePlatforms, imageLayers, addedLayers },
});

// The host is fixed because it is an input of the provider: with the default, another machine's DOCKER_HOST would replace
// the provider and with it every image. Builds go to the builder, never to this host.
const provider = new dockerbuild.Provider("docker-build", { host: "unix:///var/run/docker.sock" });

const family = new Family(
  "family",
  { ...settings, catalog, tests, builds, staging: ".strata/contexts" },
  { providers: { "docker-build": provider } },
);

/** For each layer: { ref, digest, buildId, platforms, standIn, seconds, sizeBytes, commit, tests }; of what passed its tests and keeps its budget. */
export const layers = family.layers;

/** What the last update that built anything was expected to do, and did: { version, commit, predicted, actual, savedSeconds }. */
export const lastUpdate = family.lastUpdate;
