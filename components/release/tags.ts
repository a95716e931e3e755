import { InputError } from "../catalog/input-error";
import { anySemantic, newestByShorterName, newestRelease, otherSpelling } from "./versions";

const key = "strata:releaseTags";

/** What the words of a template stand for. `{sha}` is the first 7 digits of `{commit}`. */
const words = ["commit", "sha", "branch", "n", "version"] as const;

/** What the OCI distribution specification 1.1 takes for a tag. */
const grammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** The names that Strata itself gives: build, test and copy by their contents, the build cache, and what registries keep as tags. */
const reserved = /^(?:[btd]-[0-9a-f]{64}|cache|sha256-.*)$/;

/**
 * What a layer's release tags are made of.
 *
 * @typeParam T a digest, `sha256:…`: a string, or where it is not known yet a Pulumi output
 */
export interface TagFacts<T> {
  /** What the layer's image is now. */
  readonly digest: T;
  /** Whether somebody has chosen that image, as a rollback does; then `latest` names it whatever versions there are. */
  readonly held: boolean;
  /** The full SHA of the commit that last changed the layer or one beneath; undefined where no commit stands for the image. */
  readonly commit: string | undefined;
  /** The branch that is checked out. */
  readonly branch: string | undefined;
  /** The number of the pull request that the stack is for. */
  readonly pullRequest: string | undefined;
  /** All versions of the layer, this image's and those of others. */
  readonly versions: Readonly<Record<string, T>>;
}

/** The tags of a layer, without its prefix. */
export interface Tags<T> {
  /** What each names. */
  readonly tags: Readonly<Record<string, T>>;
  /** Those of them that never name anything else; sorted. */
  readonly immutable: readonly string[];
}

/**
 * The tags that a list of templates gives a layer.
 *
 * A tag made of a commit or of a version is immutable. `1.2` and `1` name the newest version that they stand for. `latest` names the newest
 * version as well, a pre-release aside, and while there is no semantic version at all the image of now; while there are pre-releases only
 * it is left where it is. Every other tag names the image of now.
 * A template whose words nothing is known of gives no tag: one with `{commit}` in a work tree that differs from its commit.
 *
 * @param templates `strata:releaseTags`. @example ["latest", "{commit}", "{version}"]
 * @throws InputError for a template that is wrong, and for a version that cannot be a tag
 */
export function tagsOf<T>(templates: readonly string[], facts: TagFacts<T>): Tags<T> {
  const tags = new Map<string, T>();
  const immutable = new Set<string>();
  const add = (tag: string, digest: T, template: string, fixed: boolean) => {
    checkTag(tag, template);
    if (tags.has(tag)) throw new InputError(key, `two things are to be named "${tag}"; change ${template}`);
    tags.set(tag, digest);
    if (fixed) immutable.add(tag);
  };
  for (const template of templates) {
    const used = wordsIn(template);
    const fill = (version = "") => filled(template, facts, version);
    if (used.has("version")) {
      const versions = Object.keys(facts.versions);
      for (const version of versions) {
        refuseOtherSpelling(version, versions);
        add(fill(version), facts.versions[version] as T, template, true);
      }
      for (const [name, version] of newestByShorterName(versions)) {
        add(fill(name), facts.versions[version] as T, template, false);
      }
    } else if (knowsAll(used, facts)) {
      const digest = template === "latest" ? latest(facts) : facts.digest;
      if (digest !== undefined) add(fill(), digest, template, used.has("commit") || used.has("sha"));
    }
  }
  return { tags: Object.fromEntries([...tags].sort(byName)), immutable: [...immutable].sort() };
}

function latest<T>({ digest, held, versions }: TagFacts<T>): T | undefined {
  if (held || !anySemantic(Object.keys(versions))) return digest;
  const newest = newestRelease(Object.keys(versions));
  return newest === undefined ? undefined : versions[newest];
}

/**
 * @returns the templates as they are
 * @throws InputError for one with a word that there is not, and for one that makes no tag whatever its words are
 */
export function checkTemplates(templates: readonly string[], stack: string): readonly string[] {
  for (const template of templates) {
    const used = wordsIn(template);
    if (used.has("n") && pullRequestOf(stack) === undefined) {
      throw new InputError(
        key,
        `"${template}" has {n}, the number of a pull request, and this is the stack "${stack}"; only stacks named pr-<number> have one`,
      );
    }
    if (used.has("version") && ["commit", "sha", "branch"].some((word) => used.has(word as "sha"))) {
      throw new InputError(
        key,
        `"${template}" has {version} beside what changes with every commit, and a version is of one image for ever; write it alone: v{version}`,
      );
    }
    if (!used.has("n") && pullRequestOf(stack) !== undefined) {
      throw new InputError(
        key,
        `"${template}" has no {n}, and the stack "${stack}" takes its tags away with it: they must not be anybody else's; write pr-{n}-{sha}`,
      );
    }
    checkTag(template.replace(/\{[a-z]+\}/g, "0"), template);
  }
  const twice = templates.find((template, index) => templates.indexOf(template) !== index);
  if (twice !== undefined) throw new InputError(key, `"${twice}" is in it twice`);
  return templates;
}

/** The number of the pull request that a stack is for: that of `pr-7` is `7`. */
export function pullRequestOf(stack: string): string | undefined {
  return /^pr-(\d+)$/.exec(stack)?.[1];
}

/** Whether a list of templates has tags that are made of what git knows. */
export function needsCommits(templates: readonly string[]): boolean {
  return templates.some((template) => /\{(?:commit|sha|branch)\}/.test(template));
}

/** Whether a list of templates names versions. */
export function namesVersions(templates: readonly string[]): boolean {
  return templates.some((template) => template.includes("{version}"));
}

/** @throws InputError where it can be no tag, alone or behind a layer's prefix */
export function checkVersion(version: string, layer: string): void {
  if (!grammar.test(version) || reserved.test(version)) {
    throw new InputError(
      `strata:versions.${layer}`,
      `"${version}" can be no tag; expected letters, digits, dots, dashes and underscores, 128 at most: 1.2.3, v2.0.0-beta.1`,
    );
  }
}

/**
 * Refuses a tag that two layers would have.
 *
 * @param layers the tags of all layers, by repository and name, among which none may come twice: of layers that share a
 *   repository, the tag `x-1` of `app` and the tag `1` of `app-x` are the same
 * @throws InputError naming both layers
 */
export function refuseSharedTags(
  layers: readonly { readonly layer: string; readonly repository: string; readonly tags: readonly string[] }[],
): void {
  const owners = new Map<string, string>();
  for (const { layer, repository, tags } of layers) {
    for (const tag of tags) {
      const name = `${repository}:${tag}`;
      const other = owners.get(name);
      if (other !== undefined && other !== layer) {
        throw new InputError(
          key,
          `${other} and ${layer} would both be ${name}; rename one, or put {name} into strata:repository`,
        );
      }
      owners.set(name, layer);
    }
  }
}

function wordsIn(template: string): Set<string> {
  const used = [...template.matchAll(/\{([^}]*)\}/g)].map(([, word = ""]) => word);
  const unknown = used.find((word) => !(words as readonly string[]).includes(word));
  if (unknown !== undefined) {
    const known = words.map((word) => `{${word}}`).join(", ");
    throw new InputError(key, `"${template}" has {${unknown}}; there are ${known}`);
  }
  return new Set(used);
}

function knowsAll<T>(used: ReadonlySet<string>, { commit, branch, pullRequest }: TagFacts<T>): boolean {
  if (used.has("branch") && branch === undefined) {
    throw new InputError(
      key,
      "has {branch}, and no branch is checked out; check one out, or set GITHUB_REF_NAME or CI_COMMIT_REF_NAME to its name",
    );
  }
  return (
    (commit !== undefined || !(used.has("commit") || used.has("sha"))) && (pullRequest !== undefined || !used.has("n"))
  );
}

function filled<T>(
  template: string,
  { commit = "", branch = "", pullRequest = "" }: TagFacts<T>,
  version: string,
): string {
  const values: Readonly<Record<string, string>> = {
    commit,
    sha: commit.slice(0, 7),
    // A branch may have names in it that a tag may not: feature/login.
    branch: branch.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, ""),
    n: pullRequest,
    version,
  };
  return template.replace(/\{([a-z]+)\}/g, (_, word: string) => values[word] ?? "");
}

function checkTag(tag: string, template: string): void {
  if (grammar.test(tag) && !reserved.test(tag)) return;
  const why = reserved.test(tag) ? "which is a name of Strata's own" : "which is no tag";
  const what = tag === template ? `"${template}"` : `"${template}" makes ${tag}`;
  throw new InputError(
    key,
    `${what}, ${why}; expected letters, digits, dots, dashes and underscores, 128 at most, such as latest, {commit}, v{version}`,
  );
}

function refuseOtherSpelling(version: string, versions: readonly string[]): void {
  const other = otherSpelling(version, versions);
  if (other === undefined) return;
  throw new InputError("strata:versions", `${version} is ${other} written in another way; choose another version`);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
