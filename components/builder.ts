import { type AskOptions, askTool, NoAnswer } from "./ask-tool";
import { normalPlatform } from "./catalog/platform";

/** In milliseconds. Buildx itself gives its nodes 20 s to answer. */
const limit = 30_000;

/**
 * The platforms that a buildx builder runs commands on, natively or emulated, all of its nodes together. The builder is not
 * started for it.
 *
 * @param builder a name of `docker buildx ls`
 * @param env DOCKER_CONFIG and PATH, on top of this process's own
 * @returns undefined where that cannot be told: no buildx, no such builder, or one of its nodes does not run
 */
export async function builderPlatforms(
  builder: string,
  env: NonNullable<AskOptions["env"]> = {},
): Promise<readonly string[] | undefined> {
  try {
    return platformsOfNodes(await inspect(builder, { limit, env }));
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

/** Buildx by itself, or as a plugin of Docker's. */
async function inspect(builder: string, options: AskOptions): Promise<string> {
  try {
    return await askTool("buildx", ["inspect", builder], options);
  } catch (error) {
    if (!(error instanceof NoAnswer) || error.reason !== "missing") throw error;
    return await askTool("docker", ["buildx", "inspect", builder], options);
  }
}

/**
 * Reads what `buildx inspect` prints: sections `Name: …` of the builder and then of its nodes, with `Status: running` and
 * `Platforms: linux/arm64*, linux/amd64`. A star marks those that the node was created with.
 *
 * @returns sorted, in their normal form; undefined unless every node runs
 */
export function platformsOfNodes(printed: string): readonly string[] | undefined {
  const [, ...nodes] = printed.split(/^Name:/m).slice(1);
  if (nodes.length === 0) return undefined;
  const platforms = new Set<string>();
  for (const node of nodes) {
    if (!/^Status:\s*running$/m.test(node)) return undefined;
    const [, list = ""] = /^Platforms:(.*)$/m.exec(node) ?? [];
    const known = list.split(",").map((name) => normalPlatform(name.trim().replace(/\*$/, "")));
    for (const name of known) if (name !== undefined) platforms.add(name);
  }
  return platforms.size > 0 ? [...platforms].sort() : undefined;
}
