import assert from "node:assert/strict";
import fc from "fast-check";
import { compare } from "semver";
import {
  checkTemplates,
  checkVersion,
  refuseSharedTags,
  type TagFacts,
  tagsOf,
} from "../../../components/release/tags";

const commit = "0123456789abcdef0123456789abcdef01234567";
const facts: TagFacts<string> = {
  digest: "now",
  held: false,
  commit,
  branch: "feature/login",
  pullRequest: "7",
  versions: {},
};

function tags(templates: readonly string[], some: Partial<TagFacts<string>> = {}) {
  return tagsOf(templates, { ...facts, ...some }).tags;
}

describe("release tags", () => {
  it("are made of templates", () => {
    const templates = ["latest", "stable", "{commit}", "{branch}-{sha}", "pr-{n}-{sha}"];
    assert.deepEqual(tagsOf(templates, facts), {
      tags: {
        [commit]: "now",
        "feature-login-0123456": "now",
        latest: "now",
        "pr-7-0123456": "now",
        stable: "now",
      },
      immutable: [commit, "feature-login-0123456", "pr-7-0123456"].sort(),
    });
  });

  it("give a version its own tag for ever, and the shorter ones to the newest", () => {
    const versions = { "1.2.3": "a", "1.3.0": "b", "1.2.4": "c", "2.0.0-beta.1": "d" };
    assert.deepEqual(tagsOf(["{version}", "latest", "stable"], { ...facts, versions }), {
      tags: {
        "1": "b",
        "1.2": "c",
        "1.2.3": "a",
        "1.2.4": "c",
        "1.3": "b",
        "1.3.0": "b",
        "2.0.0-beta.1": "d",
        latest: "b",
        stable: "now",
      },
      immutable: ["1.2.3", "1.2.4", "1.3.0", "2.0.0-beta.1"],
    });
  });

  it("leave latest where it is while there are pre-releases only", () => {
    assert.deepEqual(tags(["latest"], { versions: { "2.0.0-beta.1": "now" } }), {});
  });

  it("give latest to an image that somebody has chosen, and the shorter names to no other", () => {
    const versions = { "1.2.3": "now", "1.3.0": "bad" };
    assert.deepEqual(tags(["latest", "{version}"], { versions, held: true }), {
      "1": "bad",
      "1.2": "now",
      "1.2.3": "now",
      "1.3": "bad",
      "1.3.0": "bad",
      latest: "now",
    });
  });

  it("give no tag that is made of a commit to what no commit stands for", () => {
    assert.deepEqual(tags(["{commit}", "{branch}-{sha}", "latest"], { commit: undefined }), { latest: "now" });
  });

  it("let latest follow the image of now while versions are words that say nothing of older and newer", () => {
    assert.deepEqual(tags(["latest"], { versions: { "app-20261121-201500": "old" } }), { latest: "now" });
  });

  const wrong: [what: string, make: () => unknown, message: RegExp][] = [
    [
      "a word that there is not",
      () => checkTemplates(["{name}"], "dev"),
      /^strata:releaseTags: "\{name\}" has \{name\}; there are \{commit\}/,
    ],
    ["what is no tag", () => checkTemplates(["a b"], "dev"), /"a b", which is no tag; expected letters/],
    ["a tag of Strata's own", () => checkTemplates(["cache"], "dev"), /"cache", which is a name of Strata's own/],
    ["a template that is there twice", () => checkTemplates(["a", "a"], "dev"), /"a" is in it twice/],
    [
      "the number of no pull request",
      () => checkTemplates(["pr-{n}"], "dev"),
      /only stacks named pr-<number> have one/,
    ],
    [
      "a version beside a commit",
      () => checkTemplates(["{version}-{sha}"], "dev"),
      /"\{version\}-\{sha\}" has \{version\} beside what changes with every commit/,
    ],
    [
      "a tag that may be another stack's, of a stack that takes its own away",
      () => checkTemplates(["latest"], "pr-7"),
      /"latest" has no \{n\}, and the stack "pr-7" takes its tags away/,
    ],
    ["no branch", () => tags(["{branch}"], { branch: undefined }), /no branch is checked out/],
    [
      "one tag for two things",
      () => tags(["stable", "{version}"], { versions: { stable: "a" } }),
      /two things are to be named "stable"/,
    ],
    [
      "a version in two spellings",
      () => tags(["{version}"], { versions: { "1.2.3": "a", "v1.2.3": "b" } }),
      /1\.2\.3 is v1\.2\.3 written in another way/,
    ],
    [
      "a version that is no tag",
      () => checkVersion("1.2.3+x", "app"),
      /^strata:versions\.app: "1\.2\.3\+x" can be no tag/,
    ],
    [
      "two layers that would share one",
      () =>
        refuseSharedTags([
          { layer: "app", repository: "r/a", tags: ["app-x-1"] },
          { layer: "app-x", repository: "r/a", tags: ["app-x-1"] },
        ]),
      /app and app-x would both be r\/a:app-x-1; rename one/,
    ],
  ];
  for (const [what, make, message] of wrong) {
    it(`refuse ${what}`, () => assert.throws(make, { name: "InputError", message }));
  }

  it("move no version, and never to an older one, in whatever order versions come", () => {
    const part = fc.integer({ min: 0, max: 3 });
    const version = fc
      .tuple(part, part, part, fc.option(fc.constantFrom("alpha", "rc.1"), { nil: undefined }))
      .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre ? `-${pre}` : ""}`);
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1, maxLength: 12 }), (released) => {
        const registry = new Map<string, string>();
        const recorded: Record<string, string> = {};
        for (const [index, next] of released.entries()) {
          recorded[next] = `digest-${index}`;
          const given = tagsOf(["{version}", "latest"], { ...facts, digest: `digest-${index}`, versions: recorded });
          for (const tag of given.immutable) {
            assert.ok(!registry.has(tag) || registry.get(tag) === given.tags[tag], `${tag} moved`);
          }
          for (const [tag, digest] of Object.entries(given.tags)) registry.set(tag, digest);
        }
        const newest = (which: (name: string) => boolean) =>
          released
            .filter((name) => !name.includes("-") && which(name))
            .sort(compare)
            .at(-1);
        for (const [tag, digest] of registry) {
          if (released.includes(tag)) assert.equal(digest, recorded[tag]);
          else {
            const expected = newest((name) => tag === "latest" || name.startsWith(`${tag}.`));
            assert.equal(digest, recorded[expected as string], `${tag} of ${released.join(" ")}`);
          }
        }
      }),
    );
  });
});
