import { z } from "zod";
import { digestOf, giveTag, type Registries } from "./registries";
import { HalfDone, type Operations, orUnknown, type Properties } from "./resource";
import { isPlaceholder, takeTagAway } from "./take-tag-away";

const given = z.object({
  repository: z.string(),
  tags: z.record(z.string(), z.string()),
  immutable: z.array(z.string()),
  keep: z.boolean(),
  versions: z.record(z.string(), z.string()).optional(),
});
const state = given.extend({
  /** What this resource has given each tag to; `tags` is what they named when they were last looked at. */
  given: z.record(z.string(), z.string()),
});
const planned = z.object({
  repository: orUnknown(z.string()),
  tags: orUnknown(z.record(z.string(), orUnknown(z.string()))),
  immutable: orUnknown(z.array(z.string())),
});

/** What the OCI distribution specification 1.1 allows. */
const tagName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestForm = /^sha256:[0-9a-f]{64}$/;

/** What is done with `ReleaseTags`. */
export function tagsOperations(registries: Registries): Operations {
  return {
    check: (olds, news) => check(olds, news, registries),
    diff,
    put: (olds, news) => put(olds, news, registries),
    read: (props) => read(props, registries),
    delete: (props) => remove(props, registries),
    replaces: (key) => key === "repository",
    id: (news) => given.parse(news).repository,
  };
}

async function check(
  olds: Properties | undefined,
  news: Properties,
  registries: Registries,
): Promise<readonly string[]> {
  const before = olds && planned.parse(olds);
  const { repository, tags = {}, immutable = [] } = planned.parse(news);
  const wrong = Object.entries(tags).flatMap(([tag, digest]) => malformed(tag, digest));
  if (wrong.length > 0 || repository === undefined) return wrong;
  const same = (tag: string) =>
    before?.repository === repository &&
    before.tags?.[tag] === tags[tag] &&
    before.immutable?.includes(tag) === immutable.includes(tag);
  const asked = immutable.filter((tag) => tags[tag] !== undefined && !same(tag));
  const refused = await Promise.all(
    asked.map(async (tag) => {
      const wanted = tags[tag] as string;
      return refusal(repository, tag, await namedBy(repository, tag, wanted, registries), wanted);
    }),
  );
  return refused.filter((reason) => reason !== undefined);
}

function malformed(tag: string, digest: string | undefined): string[] {
  if (!tagName.test(tag)) {
    return [
      `"${tag}" is no tag; expected letters, digits, "_", "." and "-", at most 128, of which the first is no "." or "-"`,
    ];
  }
  if (digest === undefined || digestForm.test(digest)) return [];
  return [`${tag}: "${digest}" is no digest; expected sha256: and 64 hexadecimal digits`];
}

/** What a tag names; undefined for nothing, and for what is left there of a deletion that was ended halfway. */
async function namedBy(
  repository: string,
  tag: string,
  wanted: string,
  registries: Registries,
): Promise<string | undefined> {
  const found = await digestOf(`${repository}:${tag}`, registries);
  const other = found !== undefined && found !== wanted;
  return other && (await isPlaceholder(repository, found, tag, registries)) ? undefined : found;
}

/** Why a tag that may never name anything else cannot be given; undefined where it can. */
function refusal(repository: string, tag: string, found: string | undefined, wanted: string): string | undefined {
  if (found === undefined || found === wanted) return undefined;
  return (
    `${repository}:${tag} names ${found} and was to name ${wanted}; it must never name anything else, so nothing was overwritten. ` +
    `Release under another name, or, where nobody can have used it, take it away first: regctl tag delete ${repository}:${tag}`
  );
}

function diff(olds: Properties, news: Properties): string[] {
  const keys = ["repository", "tags", "immutable", "keep", "versions"];
  // That there are no versions is news where nobody had asked for any.
  const unheard = (key: string) => olds[key] === undefined && news[key] !== undefined;
  return keys.filter((key) => unheard(key) || !equal(olds[key] ?? {}, news[key] ?? {}));
}

/** Of strings, lists and records of them, whatever the order of keys. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal((a as Properties)[key], (b as Properties)[key]));
}

/** Looks at all tags before it gives any. A tag that is right is left alone, so this can be ended at any moment and done again. */
async function put(olds: Properties | undefined, news: Properties, registries: Registries): Promise<Properties> {
  const inputs = given.parse(news);
  const { repository, tags, immutable, keep } = inputs;
  const before = olds ? state.parse(olds) : undefined;
  const forever = new Set(immutable);
  const named = new Map(
    await Promise.all(
      Object.entries(tags).map(
        async ([tag, digest]) => [tag, await namedBy(repository, tag, digest, registries)] as const,
      ),
    ),
  );
  const wrong = Object.entries(tags).filter(([tag, digest]) => named.get(tag) !== digest);
  const refused = wrong.flatMap(([tag, digest]) =>
    forever.has(tag) ? (refusal(repository, tag, named.get(tag), digest) ?? []) : [],
  );
  if (refused.length > 0) throw new Error(refused.join("\n"));
  await requireDigests(repository, new Set(wrong.map(([, digest]) => digest)), registries);

  const done: Record<string, string> = { ...before?.given };
  for (const [tag, digest] of Object.entries(tags)) if (named.get(tag) === digest) done[tag] = digest;
  const begun: Record<string, string> = {};
  const give = async ([tag, digest]: readonly [string, string]) => {
    begun[tag] = digest;
    await giveTag(repository, tag, digest, registries);
    done[tag] = digest;
  };
  const steps = [
    () => wrong.filter(([tag]) => forever.has(tag)).map(give),
    // What people pull moves only when what names it for ever is there.
    () => wrong.filter(([tag]) => !forever.has(tag)).map(give),
  ];
  // Yesterday's stay when today's come; where they are not to stay for ever it is kept in mind what there is to take away in the end.
  if (keep) for (const tag of Object.keys(done)) if (!(tag in tags)) delete done[tag];
  for (const step of steps) {
    const failed = await failures(step());
    if (failed.length > 0) {
      const message = failed.join("\n");
      // What failed may have been done all the same: the next update looks at all tags again, also where it wants what was before.
      throw new HalfDone(message, { ...inputs, tags: done, given: { ...begun, ...done } });
    }
  }
  return { ...inputs, given: done };
}

async function requireDigests(repository: string, digests: ReadonlySet<string>, registries: Registries): Promise<void> {
  const missing = await Promise.all(
    [...digests].map(async (digest) =>
      (await digestOf(`${repository}@${digest}`, registries)) === undefined ? [digest] : [],
    ),
  );
  const lines = missing
    .flat()
    .map(
      (digest) =>
        `${repository}: there is no ${digest} in it, so no tag was given; an image comes there by a build or by a promotion`,
    );
  if (lines.length > 0) throw new Error(lines.join("\n"));
}

/** Waits for all, and gives the messages of those that failed. */
async function failures(running: readonly Promise<void>[]): Promise<string[]> {
  const ended = await Promise.allSettled(running);
  return ended.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).message] : []));
}

async function read(props: Properties, registries: Registries) {
  const { given: tags, ...rest } = state.parse(props);
  const found = await Promise.all(
    Object.keys(tags).map(async (tag) => [tag, await digestOf(`${rest.repository}:${tag}`, registries)] as const),
  );
  // A tag that is gone is left out, so that the next update has something to put back.
  const inputs = { ...rest, tags: Object.fromEntries(found.filter(([, digest]) => digest !== undefined)) };
  return { props: { ...inputs, given: tags }, inputs };
}

async function remove(props: Properties, registries: Registries): Promise<void> {
  const { repository, given: tags, keep } = state.parse(props);
  if (keep) return;
  const failed = await failures(
    Object.entries(tags).map(([tag, digest]) => takeTagAway(repository, tag, digest, registries)),
  );
  if (failed.length > 0) throw new Error(failed.join("\n"));
}
