import pLimit from "p-limit";
import { askRegistry } from "../../components/registry";
import type { Environment } from "../stack/environment";

/** The tags of a repository, as far as they were looked at. */
export interface Tags {
  /** By tag, the digest that it names. */
  readonly digests: ReadonlyMap<string, string>;
  /** How many more there are. */
  readonly more: number;
}

/** How many tags are looked at, how many at once, and for how long, in milliseconds. */
const most = { tags: 200, atOnce: 8, time: 20_000 } as const;

/** Tags that builds push begin so. */
const built = /^b-[0-9a-f]{64}$/;

/**
 * What the tags of a layer name. Those that people gave come first, and of the others those that the caller knows of: of a
 * repository with thousands of tags not all can be looked at.
 *
 * @param prefix what the layer's tags begin with; empty where it has a repository of its own
 * @param known the tags to look at before others
 * @throws RegistryError where the registry cannot be asked
 */
export async function tagsOf(
  repository: string,
  prefix: string,
  known: readonly string[],
  env: Environment,
): Promise<Tags> {
  const end = Date.now() + most.time;
  const listed = await askRegistry(["tag", "ls", repository], repository, env);
  const names = (listed ?? "").split("\n").filter((tag) => tag.startsWith(prefix) && tag !== "");
  const rank = (tag: string) => (!built.test(tag.slice(prefix.length)) ? 0 : known.includes(tag) ? 1 : 2);
  const wanted = names.sort((a, b) => rank(a) - rank(b)).slice(0, most.tags);
  const atOnce = pLimit(most.atOnce);
  const found = await Promise.all(
    wanted.map((tag) =>
      atOnce(async () => {
        if (Date.now() > end) return [];
        const digest = await askRegistry(["image", "digest", `${repository}:${tag}`], repository, env);
        return digest === undefined ? [] : [[tag, digest.trim()] as const];
      }),
    ),
  );
  const digests = new Map(found.flat());
  return { digests, more: names.length - digests.size };
}
