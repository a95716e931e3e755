import pLimit, { type LimitFunction } from "p-limit";
import { readConfig, readManifest } from "../../oci";
import { digestOf, giveTag, type Registries } from "./registries";

/** What registries answer that cannot take a tag or a manifest away at all. */
const cannot = /\[http (?:400|404|405|501)\]/;

/**
 * Takes one tag away, and nothing else: the digest that it names stays, with its other tags.
 *
 * Where a registry cannot do that, `regctl tag delete` puts an image of its own in the tag's place, and deletes that image by its
 * digest. Whatever comes between leaves a tag that names this image: it is known by its label.
 *
 * @param digest what this tag was given to; a tag that names something else by now is left where it is
 * @throws Error where the registry could not be asked; it is safe to try again
 */
export function takeTagAway(repository: string, tag: string, digest: string, registries: Registries): Promise<void> {
  const turn = turns.get(repository) ?? pLimit(1);
  turns.set(repository, turn);
  return turn(() => takeAway(repository, tag, digest, registries));
}

/** By repository: of two tags that are all that an image has, each would be taken away for the sake of the other. */
const turns = new Map<string, LimitFunction>();

async function takeAway(repository: string, tag: string, digest: string, registries: Registries): Promise<void> {
  const ref = `${repository}:${tag}`;
  const found = await digestOf(ref, registries);
  if (found === undefined) return;
  if (found !== digest && !(await isPlaceholder(repository, found, tag, registries))) return;
  if (!(await hasOtherTag(repository, tag, digest, registries))) {
    // Some registries delete an image with its last tag, and all of them collect what has none.
    if (found !== digest) await giveTag(repository, tag, digest, registries);
    registries.say("warn", `${ref} stays: it is the only tag of ${digest}, which would go with it`);
    return;
  }
  try {
    await registries.tell(["tag", "delete", ref, "--ignore-missing"], [ref]);
  } catch (error) {
    await giveTag(repository, tag, digest, registries);
    if (!cannot.test((error as Error).message)) throw error;
    registries.say("warn", `${ref} stays: its registry cannot take tags away; where people may, they do it by hand`);
    return;
  }
  if ((await digestOf(`${repository}@${digest}`, registries)) === undefined) {
    throw new Error(
      `${repository}: its registry deleted ${digest} with the tag ${tag}, though other tags named it; push it again, and set strata:onDestroy to keep`,
    );
  }
}

/** Whether a digest is what `regctl tag delete` put in the place of a tag. */
export async function isPlaceholder(
  repository: string,
  digest: string,
  tag: string,
  { ask }: Registries,
): Promise<boolean> {
  const manifest = await readManifest(`${repository}@${digest}`, ask);
  const found = manifest && (await readConfig(repository, manifest, ask));
  return found?.config?.Labels?.["delete-tag"] === tag;
}

/** How many tags are looked at, at once. */
const together = 8;

/** Tags that builds push, which most digests have, first. */
const built = /(?:^|-)b-[0-9a-f]{64}$/;

async function hasOtherTag(repository: string, tag: string, digest: string, registries: Registries): Promise<boolean> {
  const listed = (await registries.ask(["tag", "ls", repository], repository)) ?? "";
  const others = listed.split("\n").filter((other) => other !== "" && other !== tag);
  others.sort((a, b) => Number(built.test(b)) - Number(built.test(a)));
  for (let start = 0; start < others.length; start += together) {
    const some = others.slice(start, start + together);
    const found = await Promise.all(some.map((other) => digestOf(`${repository}:${other}`, registries)));
    if (found.includes(digest)) return true;
  }
  return false;
}
