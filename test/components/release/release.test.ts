import assert from "node:assert/strict";
import { releasesIn, versionsIn } from "../../../components/release/previous";
import { releasedBy, releaseTagsOf, versionsWith } from "../../../components/release/release";

const [one, two] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];

describe("the versions that come with a promoted image", () => {
  it("are those of the very image, beside those that were known", () => {
    assert.deepEqual(versionsWith("app", { "1.0.0": two }, { "1.1.0": one, "1.2.0": two }, one), {
      "1.0.0": two,
      "1.1.0": one,
    });
  });

  it("cannot be another image's here", () => {
    assert.throws(() => versionsWith("app", { "1.1.0": two }, { "1.1.0": one }, one), {
      name: "InputError",
      message: /^strata:promoteFrom: version 1\.1\.0 of app is sha256:2+ here, and there sha256:1+; hold app/,
    });
  });
});

describe("the version that a layer is given", () => {
  const released = (versions: Record<string, string>, given: Record<string, string> = {}) =>
    releasedBy(
      { app: one, base: two },
      {
        ...{ registry: "r.test", organisation: "acme", repository: "{registry}/{name}", versions, stack: "dev" },
        commits: undefined,
        previous: { tags: new Map([["app", { repository: "r.test/app", tags: {}, immutable: [], versions: given }]]) },
        untested: new Set(["app"]),
      },
    );

  it("cannot be one of an image that has tests of which none was run: a version says that they passed", () => {
    assert.throws(() => released({ app: "1.2.0", base: "1.0.0" }), {
      name: "InputError",
      message:
        /^strata:versions\.app: app has tests, and strata:tests runs none, so that it cannot be 1\.2\.0; run them/,
    });
  });

  it("may have been given before, to an image whose tests were run", () => {
    const [app] = released({ app: "1.2.0", base: "1.0.0" }, { "1.2.0": two });
    assert.deepEqual(app?.versions, { "1.2.0": two });
  });
});

describe("what is given to the release tags of a layer", () => {
  const place = { repository: "r.test/app", tagPrefix: "" };
  const facts = { commit: undefined, branch: undefined, pullRequest: undefined, held: false, shared: false };
  const app = { name: "app", ...place, ...facts, digest: one, version: undefined, versions: {} };
  const given = (...releaseTags: string[]) => releaseTagsOf({ releaseTags, keepTags: true, layers: [app] });

  it("is nothing for a layer that gets none", () => assert.deepEqual(given(), []));

  it("is nothing yet where it may get a version, so that the state tells that there was none", () => {
    const none = { repository: "r.test/app", tags: {}, immutable: [], versions: {}, keep: true };
    assert.deepEqual(given("{version}"), [["app", none]]);
  });
});

describe("what a state is told of the versions of a layer", () => {
  const place = { repository: "r.test/app", tagPrefix: "" };
  const facts = { commit: undefined, branch: undefined, pullRequest: undefined, held: false, shared: false };
  const versionsOf = (releaseTags: readonly string[], versions: Record<string, string>) => {
    const app = { name: "app", ...place, ...facts, digest: one, version: undefined, versions };
    return releaseTagsOf({ releaseTags, keepTags: true, layers: [app] }).map(([, { versions }]) => versions);
  };

  it("is that there are none where versions give tags, and nothing where they do not", () => {
    assert.deepEqual(versionsOf(["latest", "{version}"], {}), [{}]);
    assert.deepEqual(versionsOf(["latest"], {}), [undefined]);
  });

  it("is those that were known, whatever gives tags now", () => {
    assert.deepEqual(versionsOf(["stable"], { "1.0.0": one }), [{ "1.0.0": one }]);
  });
});

describe("what a state tells of releases", () => {
  it("is the versions of each layer, and what was promoted", () => {
    const urn = (type: string, name: string) =>
      `urn:pulumi:prod::strata::strata:release:Promotion$strata:release:${type}::${name}`;
    const before = [{ digest: one }];
    const copied = { repository: "r.test/app", source: `r.test/dev/app@${two}` };
    const { tags, promoted } = releasesIn({
      [urn("Copy", "app")]: {
        type: "strata:release:Copy",
        outputs: { ...copied, digest: one, given: two, buildId: "b", commit: "c", held: true, before },
      },
      [urn("Tags", "app")]: {
        type: "strata:release:Tags",
        outputs: { repository: "r.test/app", tags: { "1.0.0": one }, versions: { "1.0.0": one } },
      },
      [urn("Copy", "base")]: { type: "strata:release:Copy", outputs: { digest: one } },
    });
    const given = { repository: "r.test/app", tags: { "1.0.0": one }, immutable: [], versions: { "1.0.0": one } };
    assert.deepEqual([...tags], [["app", given]]);
    assert.deepEqual(versionsIn(tags.get("app"), "r.test/elsewhere"), {});
    assert.deepEqual(promoted.get("app"), {
      // What was copied, whatever a refresh found there.
      ...{ ...copied, digest: two, buildId: "b", commit: "c", changed: undefined, platforms: undefined },
      ...{ held: true, obeyed: undefined, overruled: [], before },
      versions: { "1.0.0": one },
    });
    assert.deepEqual(promoted.get("base")?.before, []);
  });

  it("is no versions that nobody has asked for", () => {
    const outputs = { repository: "r.test/app", tags: { latest: one }, immutable: [] };
    const { tags } = releasesIn({ "urn:pulumi:dev::strata::a::app": { type: "strata:release:Tags", outputs } });
    assert.equal(tags.get("app")?.versions, undefined);
    assert.deepEqual(versionsIn(tags.get("app"), "r.test/app"), {});
  });
});
