import { readFileSync } from "node:fs";
import { localBuilder } from "../../tools/services/buildkit";
import type { Workspace } from "../workspace";
import { type Contender, commandText, imageAt, type Place, upstreamContexts } from "./contender";
import { type LayerText, monolith, stagesOf } from "./monolith";

const image = { repository: "mono", tag: "latest" };

/** (a1): the baseline of the published figures. */
export const withoutCache: Contender = {
  id: "a1",
  title: "one Dockerfile, no cache",
  about: "One Dockerfile with all stages of all layers. What the published figures are compared with.",
  shown: (place) => commandText(commandOf(place)),
  refresh: writeDockerfile,
  build: (work) => work.run(...toolOf([...commandOf(work.place, rebuiltOf(work)), ...upstreamContexts(work.layers())])),
  imageOf: () => image,
};

/** (a2) */
export const withCache: Contender = {
  id: "a2",
  title: "one Dockerfile, registry cache",
  about: "The same with its build cache in the registry, with the cache of all stages (`mode=max`).",
  shown: (place) => commandText([...commandOf(place), ...cacheOptions(place)]),
  refresh: writeDockerfile,
  build: (work) =>
    work.run(
      ...toolOf([
        ...commandOf(work.place, rebuiltOf(work)),
        ...cacheOptions(work.place),
        ...upstreamContexts(work.layers()),
      ]),
    ),
  imageOf: () => image,
};

function commandOf(place: Place, rebuilt: readonly string[] = []): string[] {
  const tag = `${imageAt(place, image.repository)}:${image.tag}`;
  return ["buildx", "build", "images", "--builder", localBuilder, "--push", "--tag", tag, ...rebuilt];
}

function cacheOptions(place: Place): string[] {
  const cache = `type=registry,ref=${imageAt(place, image.repository)}:cache`;
  return ["--cache-from", cache, "--cache-to", `${cache},mode=max`];
}

/** What is to run again though nothing of it changed: all steps of a layer, as with the others. */
function rebuiltOf(work: Workspace): string[] {
  const { rebuilding } = work;
  if (rebuilding === undefined) return [];
  return ["--no-cache-filter", stagesOf(rebuilding, textsOf(work)).join(",")];
}

function textsOf(work: Workspace): LayerText[] {
  return work.layers().map(({ name, dockerfilePath }) => ({ name, text: readFileSync(dockerfilePath, "utf8") }));
}

function writeDockerfile(work: Workspace): void {
  work.write("images/Dockerfile", monolith(textsOf(work)));
  work.write("images/.dockerignore", "**/README.md\n");
}

function toolOf([command = "", ...args]: readonly string[]): [string, string[]] {
  return [command, args];
}
