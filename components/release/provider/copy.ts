import { z } from "zod";
import { standInLabel } from "../../catalog/stand-ins";
import { type PlatformImage, readImage } from "./image";
import { digestOf, type Registries } from "./registries";
import { type Operations, orUnknown, type Properties } from "./resource";

const about = {
  digest: z.string(),
  buildId: z.string().optional(),
  commit: z.string().optional(),
  changed: z.string().optional(),
  platforms: z.array(z.string()).optional(),
};
const hold = z.union([z.boolean(), z.string()]);
const given = z.object({
  source: z.string(),
  repository: z.string(),
  tag: z.string(),
  ...about,
  platforms: z.array(z.string()),
  held: z.boolean().optional(),
  obeyed: hold.optional(),
  overruled: z.array(hold).optional(),
});
const state = given.extend({
  /** What was copied; `digest` is what the tag named when it was last looked at, empty for nothing. */
  given: z.string().optional(),
  before: z.array(z.object(about)).default([]),
});
const planned = z.object({
  source: orUnknown(z.string()),
  repository: orUnknown(z.string()),
  tag: orUnknown(z.string()),
  digest: orUnknown(z.string()),
  platforms: orUnknown(z.array(z.string())),
});
const keys = Object.keys(given.shape) as (keyof z.infer<typeof given>)[];

/** How many images of before are kept in mind. */
const most = 10;

/** In milliseconds, for one image with all that is attached to it, with all tries: gigabytes on a line of ten megabits. */
const copyTime = 60 * 60_000;

/** Images by digest, each read once: a check and what follows it need the same. */
type Sources = (ref: string) => Promise<PlatformImage[] | undefined>;

/** What is done with `ImageCopy`. */
export function copyOperations(registries: Registries): Operations {
  const found = new Map<string, PlatformImage[]>();
  const sources: Sources = async (ref) => {
    const image = found.get(ref) ?? (await readImage(ref, registries));
    if (image) found.set(ref, image);
    return image;
  };
  return {
    check: (olds, news) => check(olds, news, sources, registries),
    diff: changed,
    put: async (olds, news) => ({
      ...(await put(news, sources, registries)),
      given: news.digest,
      before: beforeOf(olds, news),
    }),
    read: (props) => read(props, registries),
    // What was promoted may be in use, and this resource cannot know by whom.
    delete: async () => {},
    replaces: (key) => key === "repository",
    id: (news) => given.parse(news).repository,
  };
}

/** Asks registries only of what changed. */
async function check(
  olds: Properties | undefined,
  news: Properties,
  sources: Sources,
  registries: Registries,
): Promise<readonly string[]> {
  if (olds && changed(olds, news).length === 0) return [];
  const { source, repository, tag, digest, platforms } = planned.parse(news);
  if (source !== undefined && !/@sha256:[0-9a-f]{64}$/.test(source)) {
    return [`"${source}" is no address by digest; expected repository@sha256:…`];
  }
  if (source !== undefined && digest !== undefined && !source.endsWith(`@${digest}`)) {
    return [`${source} has another digest than ${digest}`];
  }
  const target = repository && tag ? `${repository}:${tag}` : undefined;
  const found = target && (await digestOf(target, registries));
  // What came here once was looked at then, and may be gone from where it came from.
  if (digest !== undefined && found === digest) return [];
  return [
    ...(source && platforms ? await sourceFailures(source, platforms, sources) : []),
    ...(target && found && digest ? [occupied(target, found, digest)] : []),
  ];
}

async function sourceFailures(source: string, platforms: readonly string[], sources: Sources): Promise<string[]> {
  const image = await sources(source);
  if (!image) return [`${source} is not there; build it or promote it to there first`];
  const lacking = platforms.filter((platform) => !image.some((one) => one.platform === platform));
  const standIns = new Set(image.flatMap(({ labels }) => labels[standInLabel]?.split(" ") ?? []));
  return [
    ...(lacking.length > 0 ? [`${source} has no ${lacking.join(", ")}; build it for that first`] : []),
    ...(standIns.size > 0
      ? [
          `${source} was made on stand-ins for ${[...standIns].sort().join(", ")} and must not leave the machine that made it; promote what was built on the real ones`,
        ]
      : []),
  ];
}

function occupied(ref: string, found: string, digest: string): string {
  return `${ref} names ${found} and was to name ${digest}; its name is of one image, so nothing was overwritten. Find out who pushed it, and take the tag away: regctl tag delete ${ref}`;
}

function changed(olds: Properties, news: Properties): string[] {
  return keys.filter((key) => String(olds[key]) !== String(news[key]));
}

/**
 * Copies an image with its platforms and all that is attached to it. What the target has is not sent again, and its tag comes last, so
 * this can be ended at any moment and done again.
 */
async function put(news: Properties, sources: Sources, registries: Registries): Promise<Properties> {
  const inputs = given.parse(news);
  const { source, repository, tag, digest } = inputs;
  const ref = `${repository}:${tag}`;
  const there = await digestOf(ref, registries);
  if (there !== undefined && there !== digest) throw new Error(occupied(ref, there, digest));
  const image = await sources(source);
  if (image) await copy(inputs, image, registries);
  else if (there === undefined) throw new Error(`${source} is not there any more; nothing names ${ref}`);
  const whole = image ?? (await readImage(`${repository}@${digest}`, registries)) ?? [];
  const wanted = [digest, ...whole.map((one) => one.digest)];
  const refs = [ref, ...wanted.slice(1).map((one) => `${repository}@${one}`)];
  const found = await Promise.all(refs.map((one) => digestOf(one, registries)));
  const lacking = wanted.filter((one, index) => found[index] !== one);
  if (whole.length === 0 || lacking.length > 0) {
    throw new Error(
      `${ref}: its registry does not have all of ${source}: ${lacking.join(", ") || "parts"} cannot be read there`,
    );
  }
  return inputs;
}

async function copy(
  { source, repository, tag, digest }: z.infer<typeof given>,
  image: readonly PlatformImage[],
  registries: Registries,
): Promise<void> {
  const ref = `${repository}:${tag}`;
  const done = tellingThatItTakes(`copying ${source} to ${ref}`, registries);
  try {
    await copyDigestTags(source, repository, [digest, ...image.map((one) => one.digest)], registries);
    await registries.tell(["image", "copy", "--referrers", "--force-recursive", source, ref], [ref, source], copyTime);
  } finally {
    done();
  }
}

/** What was there before, newest first. */
function beforeOf(olds: Properties | undefined, news: Properties): z.infer<typeof state>["before"] {
  if (!olds) return [];
  const { before, given } = state.parse(olds);
  const image = { ...z.object(about).parse(olds), ...(given === undefined ? {} : { digest: given }) };
  if (image.digest === news.digest) return before;
  // Who goes back and then back again wants what was before that, and not what was wrong.
  const at = news.held === true ? before.findIndex(({ digest }) => digest === news.digest) : -1;
  return at >= 0 ? before.slice(at + 1) : [image, ...before].slice(0, most);
}

/**
 * Signatures and the like may be attached by tags that are made of a digest, `sha256-….sig`. One that the target has stays as it is
 * there: it may be signed by somebody else.
 */
async function copyDigestTags(
  source: string,
  repository: string,
  digests: readonly string[],
  registries: Registries,
): Promise<void> {
  const from = source.slice(0, source.indexOf("@"));
  if (from === repository) return;
  const listed = (await registries.ask(["tag", "ls", from], from)) ?? "";
  const prefixes = digests.map((digest) => `${digest.replace(":", "-")}.`);
  const tags = listed.split("\n").filter((tag) => prefixes.some((prefix) => tag.startsWith(prefix)));
  await Promise.all(
    tags.map(async (tag) => {
      const [there, here] = [`${from}:${tag}`, `${repository}:${tag}`];
      if ((await digestOf(here, registries)) !== undefined) return;
      await registries.tell(["image", "copy", "--referrers", there, here], [here, there], copyTime);
    }),
  );
}

/** In milliseconds: when to begin to tell of a copy, and then how often. */
const patience = { first: 15_000, again: 60_000 } as const;

/** @returns to be called when it has ended */
function tellingThatItTakes(what: string, { say }: Registries): () => void {
  const began = Date.now();
  let timer: NodeJS.Timeout;
  const tell = () => {
    say("info", `${what}, for ${Math.round((Date.now() - began) / 1000)} s now`);
    timer = setTimeout(tell, patience.again);
  };
  timer = setTimeout(tell, patience.first);
  return () => clearTimeout(timer);
}

async function read(props: Properties, registries: Registries) {
  const { before, given, ...inputs } = state.parse(props);
  const { repository, tag } = inputs;
  const digest = given ?? inputs.digest;
  const [named, there] = await Promise.all([
    digestOf(`${repository}:${tag}`, registries),
    digestOf(`${repository}@${digest}`, registries),
  ]);
  // What is gone stays in the state, with what was before and whether it was chosen: the next update copies it again.
  const found = { ...inputs, digest: there === undefined ? "" : (named ?? "") };
  return { props: { ...found, given: digest, before }, inputs: found };
}
