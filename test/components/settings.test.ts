import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { buildsAtOnce } from "../../components/builds-at-once";
import { readSettings } from "../../components/settings";

const good = {
  registry: "ghcr.io",
  organisation: "acme/images",
  repository: "{registry}/{organisation}/{name}",
  builder: "mine",
  images: "images",
  upstreams: "upstreams.yaml",
  platforms: '["linux/amd64","linux/arm/v7"]',
  compression: "zstd",
  parallel: "3",
  tests: "quick",
  timeout: "1h30m",
  labels: '{"org.opencontainers.image.source":"https://git.test/acme"}',
  standIns: "",
  promoteFrom: "",
  reuseFrom: "",
  fromBackend: "",
  releaseTags: '["latest","{version}"]',
  versions: '{"app":"1.2.3"}',
  hold: "{}",
  onDestroy: "",
};

function read(change: Partial<typeof good>, stack = "dev") {
  const values = Object.entries({ ...good, ...change }).map(([key, value]) => [`strata:${key}`, value]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values));
  return readSettings(new pulumi.Config("strata"), stack);
}

describe("settings", () => {
  after(() => pulumi.runtime.setAllConfig({}));

  it("are read from the configuration", () => {
    const { secrets, ...settings } = read({});
    const { onDestroy, ...rest } = good;
    assert.deepEqual(settings, {
      ...rest,
      parallel: 3,
      labels: { "org.opencontainers.image.source": "https://git.test/acme" },
      platforms: ["linux/amd64", "linux/arm/v7"],
      standIns: undefined,
      promoteFrom: undefined,
      reuseFrom: undefined,
      fromBackend: undefined,
      releaseTags: ["latest", "{version}"],
      versions: { app: "1.2.3" },
      hold: {},
      keepTags: true,
    });
  });

  it("of a stack that does not say how many builds run at once take that from the machine", () => {
    assert.equal(read({ parallel: "0" }).parallel, buildsAtOnce(0));
  });

  it("of a pull request's stack take its tags away with it, and of any other where it says so", () => {
    const releaseTags = '["pr-{n}-{sha}"]';
    const { keepTags, versions } = read({ releaseTags }, "pr-7");
    // Versions came with the configuration of the stack that it was copied from.
    assert.deepEqual([keepTags, versions], [false, {}]);
    assert.equal(read({ releaseTags, onDestroy: "keep" }, "pr-7").keepTags, true);
    assert.equal(read({ onDestroy: "untag" }).keepTags, false);
  });

  it("of a stack that promotes need no builder, and may hold layers", () => {
    const settings = read({ builder: "", promoteFrom: "dev", hold: '{"app":true,"base":"1.2.3"}' }, "prod");
    assert.deepEqual([settings.promoteFrom, settings.hold], ["dev", { app: true, base: "1.2.3" }]);
  });

  const apart: [what: string, change: Partial<typeof good>, message: RegExp][] = [
    ["no builder where it builds", { builder: "" }, /^strata:builder: expected the name of a buildx builder/],
    ["both sources", { promoteFrom: "a", reuseFrom: "b" }, /^strata:reuseFrom: a stack that promotes builds nothing/],
    ["itself as a source", { promoteFrom: "dev" }, /^strata:promoteFrom: names this stack/],
    ["a hold where it builds", { hold: '{"app":true}' }, /^strata:hold: the stack "dev" builds its images/],
    ["versions without a tag", { releaseTags: '["latest"]' }, /^strata:versions: no release tag is made of a version/],
    ["a version that is none", { versions: '{"app":"a b"}' }, /^strata:versions\.app: "a b" can be no tag/],
    ["a template that is none", { releaseTags: '["{x}"]' }, /^strata:releaseTags: "\{x\}" has \{x\}/],
    ["another backend for nothing", { fromBackend: "s3://a" }, /^strata:fromBackend: is of no use without/],
    [
      "a branch where it promotes",
      { promoteFrom: "x", releaseTags: '["{branch}"]', versions: "{}" },
      /"\{branch\}" is made of what is checked out/,
    ],
    ["a number as a version", { versions: '{"app":1.2}' }, /^strata:versions\["app"\]: expected a version in quotes/],
  ];
  for (const [what, change, message] of apart) {
    it(`refuse ${what}`, () => assert.throws(() => read(change), { name: "InputError", message }));
  }

  it("have secrets, which stay secrets, and must be encrypted", async () => {
    const values = { ...good, secrets: '{"token":"s3cret"}' };
    const config = Object.fromEntries(Object.entries(values).map(([key, value]) => [`strata:${key}`, value]));
    pulumi.runtime.setAllConfig(config, ["strata:secrets"]);
    const { token } = readSettings(new pulumi.Config("strata"), "dev").secrets;
    assert.ok(token);
    assert.equal(await pulumi.isSecret(token), true);
    assert.equal(await new Promise((resolve) => token.apply(resolve)), "s3cret");
    pulumi.runtime.setAllConfig(config, []);
    assert.throws(() => readSettings(new pulumi.Config("strata"), "dev"), {
      message: /^strata:secrets: is not encrypted; set each with: pulumi config set --secret/,
    });
  });

  it("may name stand-ins on the stack local, and there only", () => {
    const local = { standIns: "x.yaml", registry: "localhost:5443" };
    assert.equal(read(local, "local").standIns, "x.yaml");
    assert.throws(
      () => read({ standIns: "x.yaml" }, "local"),
      /must not leave this machine, and the registry is ghcr\.io/,
    );
    assert.throws(
      () => read({ standIns: "x.yaml" }, "prod"),
      /strata:standIns: only the stack "local" .* Pulumi\.prod\.yaml/,
    );
  });

  const mistakes: [Partial<typeof good>, RegExp][] = [
    [{ registry: "https://ghcr.io" }, /^strata:registry: expected a host/],
    [{ organisation: "Acme" }, /^strata:organisation: expected lower-case/],
    [{ platforms: '["amd64"]' }, /^strata:platforms\[0\]: expected os\/architecture/],
    [{ platforms: "[]" }, /^strata:platforms/],
    [{ compression: "xz" }, /^strata:compression/],
    [{ timeout: "1 hour" }, /^strata:timeout: expected a time/],
    [{ timeout: "" }, /^strata:timeout: expected a time/],
    [{ tests: "slow" }, /^strata:tests: /],
    [{ parallel: "-1" }, /^strata:parallel: expected a number of builds; 0 for as many/],
    [{ labels: '{"org.opencontainers.image.revision":"1"}' }, /^strata:labels: org\.open.*revision is Strata's own/],
    [
      { labels: '{"a":1}' },
      /^strata:labels\["a"\]: expected text; change it with: pulumi config set --path 'strata:labels/,
    ],
  ];
  for (const [change, message] of mistakes) {
    it(`refuse ${JSON.stringify(change)}, naming the key`, () => {
      assert.throws(() => read(change), { name: "InputError", message });
    });
  }
});
