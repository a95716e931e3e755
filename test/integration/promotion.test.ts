import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { LayerOutput } from "../../components/family";
import { nameIn } from "../../components/urn";
import { home, type Operation, Project, stepsOf } from "./project";
import { Client, clientOf, TestRegistry } from "./two-registries";

/** base → app, and site beside them. */
const family = {
  "images/base/Dockerfile": "FROM scratch\nCOPY file /base\n",
  "images/base/file": "1\n",
  "images/app/Dockerfile": "FROM base\nCOPY file /app\n",
  "images/app/file": "1\n",
  "images/app/README.md": "An app\n",
  "images/site/Dockerfile": "FROM scratch\nCOPY file /site\n",
  "images/site/file": "1\n",
  ".gitignore": "node_modules\ncomponents\nbin\nstate\n.strata\n",
};

const templates = ["latest", "{commit}", "{version}"];

/** A list as configuration has it, key by key. */
function tagsConfig(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((template, index) => [`releaseTags[${index}]`, template]));
}

/** What an operation does: `update strata:release:Tags app`. */
function done(operation: Operation): string[] {
  return stepsOf(operation)
    .filter(({ op, type }) => op !== "same" && !type.startsWith("pulumi:"))
    .map(({ op, type, urn }) => `${op} ${type} ${nameIn(urn)}`)
    .sort();
}

describe("a stack per environment", function () {
  this.timeout(300_000);
  let dev: Project;
  let prod: Project;
  let second: TestRegistry;
  let client: Client;
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    return (await execa("git", [...identity, ...args], { cwd: dev.folder, timeout: 30_000 })).stdout;
  };
  const commit = async (message: string) => {
    await git("add", "--all");
    await git("commit", "--quiet", "--message", message);
    return git("rev-parse", "HEAD");
  };
  const at = (layer: LayerOutput | undefined, tag: string) => client.digest(`${layer?.ref.split("@")[0]}:${tag}`);

  before(async () => {
    dev = await Project.make(family, { stack: "dev", config: tagsConfig(templates) });
    second = await TestRegistry.start("second");
    const env = clientOf(join(home.folder, "both"), { home, host: dev.registry }, second);
    client = new Client(env);
    prod = await dev.stackOf(
      "prod",
      {
        registry: second.host,
        organisation: `${dev.organisation}/prod`,
        promoteFrom: "dev",
        ...tagsConfig(["stable", ...templates]),
      },
      { DOCKER_CONFIG: env.DOCKER_CONFIG as string, SSL_CERT_FILE: env.SSL_CERT_FILE as string },
    );
    await git("init", "--quiet", "--initial-branch", "main");
    await commit("First");
  });
  after(async () => {
    await second?.stop();
    dev?.remove();
  });

  it("names what it builds, when it is built", async () => {
    const first = await git("rev-parse", "HEAD");
    const up = await dev.up();
    assert.ok(done(up).includes("create strata:release:Tags app"), done(up).join("\n"));
    for (const layer of Object.values(await dev.layers())) {
      assert.equal(await at(layer, "latest"), layer.digest);
      assert.equal(await at(layer, first), layer.digest);
      assert.equal(layer.changed, first);
    }
    assert.deepEqual(done(await dev.up()), []);
  });

  it("gives no tag anew for a commit that changes no image", async () => {
    dev.append("images/app/README.md", "more\n");
    await commit("Words");
    assert.deepEqual(done(await dev.preview()), []);
  });

  it("leaves yesterday's commit tag when today's comes, and touches none of another layer's", async () => {
    const before = await dev.layers();
    dev.write("images/app/file", "2\n");
    const second = await commit("Second");
    const up = await dev.up();
    assert.deepEqual(done(up), [
      "update docker-build:index:Image app",
      "update strata:image:Layer app",
      "update strata:release:Tags app",
    ]);
    const { app, base } = await dev.layers();
    assert.equal(await at(app, second), app?.digest);
    assert.equal(await at(app, before.app?.changed as string), before.app?.digest);
    assert.notEqual(app?.digest, before.app?.digest);
    assert.equal(await at(base, second), undefined);
  });

  it("gives no commit tag to what no commit has", async () => {
    dev.write("images/app/file", "not committed\n");
    await dev.up();
    const { app } = await dev.layers();
    assert.equal(app?.changed, undefined);
    assert.equal(await at(app, "latest"), app?.digest);
    assert.notEqual(await at(app, await git("rev-parse", "HEAD")), app?.digest);
    dev.write("images/app/file", "2\n");
    await dev.up();
  });

  it("names nothing anew that an update with other targets leaves as it was", async () => {
    const before = await dev.layers();
    dev.write("images/base/file", "2\n");
    const left = await commit("Left out");
    await dev.up({ target: ["**base"] });
    const between = await dev.layers();
    assert.notEqual(between.base?.digest, before.base?.digest);
    assert.equal(between.app?.digest, before.app?.digest);
    assert.equal(between.app?.buildId, before.app?.buildId);
    assert.equal(between.app?.changed, undefined);
    await dev.up({ target: ["**strata:release:Tags::app"] });
    assert.equal(await at(between.app, left), undefined);
    await dev.up();
    const { app } = await dev.layers();
    assert.equal(await at(app, left), app?.digest);
    assert.notEqual(app?.digest, before.app?.digest);
  });

  it("promotes by digest into another registry, and builds nothing", async () => {
    const preview = await prod.preview();
    assert.deepEqual(
      done(preview),
      [
        ...["app", "base", "site"].map((layer) => `create strata:release:Copy ${layer}`),
        ...["app", "base", "site"].map((layer) => `create strata:release:Tags ${layer}`),
        "create strata:release:Promotion promotion",
        "create strata:release:Release release",
      ].sort(),
    );
    await prod.up();
    const [there, here] = [await dev.layers(), await prod.layers()];
    for (const [name, layer] of Object.entries(here)) {
      assert.equal(layer.digest, there[name]?.digest);
      assert.equal(layer.ref, `${second.host}/${dev.organisation}/prod/${name}@${layer.digest}`);
      assert.equal(await at(layer, "stable"), layer.digest);
      assert.equal(await at(layer, layer.changed as string), layer.digest);
    }
    assert.deepEqual(Object.keys(here).sort(), ["app", "base", "site"]);
    assert.deepEqual(done(await prod.up()), []);
  });

  it("gives a version to a digest, and the shorter names to the newest", async () => {
    await dev.configure({ "versions.app": "1.2.3" });
    assert.deepEqual(done(await dev.up()), ["update strata:release:Tags app"]);
    const first = (await dev.layers()).app;
    dev.write("images/app/file", "3\n");
    await commit("Third");
    await dev.configure({ "versions.app": "1.3.0" });
    await dev.up();
    const newer = (await dev.layers()).app;
    dev.write("images/app/file", "4\n");
    await commit("Fourth");
    await dev.configure({ "versions.app": "2.0.0-beta.1" });
    await dev.up();
    const { app } = await dev.layers();
    const named = ["1.2.3", "1.2", "1.3.0", "1.3", "1", "latest", "2.0.0-beta.1", "2.0", "2"].map((tag) =>
      at(app, tag),
    );
    assert.deepEqual(await Promise.all(named), [
      ...[first?.digest, first?.digest, newer?.digest, newer?.digest, newer?.digest, newer?.digest],
      ...[app?.digest, undefined, undefined],
    ]);
    assert.deepEqual(Object.keys(app?.versions ?? {}), ["1.2.3", "1.3.0", "2.0.0-beta.1"]);
  });

  it("takes the versions of what it promotes along", async () => {
    const before = (await prod.layers()).app;
    await prod.up();
    const { app } = await prod.layers();
    assert.deepEqual(app?.versions, { "2.0.0-beta.1": app?.digest });
    assert.equal(await at(app, "2.0.0-beta.1"), app?.digest);
    assert.equal(await at(app, "stable"), app?.digest);
    // A pre-release alone moves no latest.
    assert.equal(await at(app, "latest"), before?.digest);
    assert.deepEqual(app?.before, [before?.digest]);
  });

  it("goes back and stays there, whoever promotes next, until it is told otherwise", async () => {
    const bad = (await prod.layers()).app;
    const good = bad?.before?.[0] as string;
    await prod.configure({ "hold.app": good });
    assert.deepEqual(done(await prod.up()), ["update strata:release:Copy app", "update strata:release:Tags app"]);
    assert.equal(await at(bad, "stable"), good);
    assert.equal(await at(bad, "latest"), good);
    assert.equal(await at(bad, "2.0.0-beta.1"), bad?.digest);
    // Somebody else's clone, which has not heard of it.
    const other = prod.read("Pulumi.prod.yaml");
    prod.write("Pulumi.prod.yaml", other.replace(/ {2}strata:hold:\n {4}app: .*\n/, ""));
    assert.notEqual(prod.read("Pulumi.prod.yaml"), other);
    assert.deepEqual(done(await prod.up()), []);
    assert.equal((await prod.layers()).app?.held, true);
    await prod.configure({ "hold.app": "false" });
    await prod.up();
    assert.equal(await at(bad, "stable"), bad?.digest);
    assert.equal((await prod.layers()).app?.held, undefined);
  });

  it("can be chained, and promoted within one repository", async () => {
    const last = await dev.stackOf(
      "last",
      { promoteFrom: "prod", organisation: `${dev.organisation}/last`, ...tagsConfig(["stable"]) },
      prod.env,
    );
    await last.up();
    assert.deepEqual(await last.digests(), await prod.digests());
    const names = await dev.stackOf("names", { promoteFrom: "dev", ...tagsConfig(["blessed", ...templates]) });
    await names.up();
    const { app } = await names.layers();
    assert.equal(await at(app, "blessed"), app?.digest);
    await names.destroy();
    assert.equal(await at(app, "blessed"), app?.digest);
  });

  it("promotes from a stack whose state is elsewhere", async () => {
    const state = join(dev.folder, "state/elsewhere");
    mkdirSync(state, { recursive: true });
    const fromBackend = dev.env.PULUMI_BACKEND_URL as string;
    const organisation = `${dev.organisation}/elsewhere`;
    const config = { promoteFrom: "dev", fromBackend, organisation, ...tagsConfig(["stable"]) };
    const elsewhere = await dev.stackOf("elsewhere", config, { PULUMI_BACKEND_URL: `file://${state}` });
    await elsewhere.up();
    assert.deepEqual(await elsewhere.digests(), await dev.digests());
    await elsewhere.configure({ fromBackend: `file://${join(dev.folder, "nothing")}` });
    await assert.rejects(elsewhere.preview(), /strata:promoteFrom: the stack dev cannot be read in file:\S+nothing: /);
  });

  it("refuses what must not be promoted, before anything is copied", async () => {
    dev.write("images/site/tests/files.yaml", "files:\n  /site: {}\n");
    await dev.configure({ tests: "none" });
    dev.write("images/site/file", "2\n");
    await commit("Untested");
    await dev.up();
    await assert.rejects(
      prod.preview(),
      /strata:promoteFrom: site cannot be promoted from dev: it has tests, and none were run/,
    );
    dev.delete("images/site/tests");
    await dev.configure({ tests: "quick" });
    await dev.up();
    assert.deepEqual(done(await prod.preview()), [
      "update strata:release:Copy site",
      "update strata:release:Tags site",
    ]);
    const nobody = await dev.stackOf("nobody", { promoteFrom: "none" });
    await assert.rejects(nobody.preview(), /strata:promoteFrom: the stack none (?:cannot be read|has no images yet)/);
  });

  it("names nothing anew that a promotion with other targets leaves as it was", async () => {
    dev.write("images/site/file", "left out\n");
    const left = await commit("Left out of a promotion");
    await dev.up();
    const before = (await prod.layers()).site;
    await prod.up({ target: ["**strata:release:Tags::site"] });
    const between = (await prod.layers()).site;
    const madeOf = (layer: LayerOutput | undefined) => [layer?.ref, layer?.buildId, layer?.commit, layer?.changed];
    assert.deepEqual(madeOf(between), madeOf(before));
    assert.equal(await at(before, left), undefined);
    await prod.up();
    const { site } = await prod.layers();
    assert.notEqual(site?.digest, before?.digest);
    assert.equal(site?.changed, left);
    assert.equal(await at(site, left), site?.digest);
  });

  it("takes nothing away when it is destroyed", async () => {
    const { app } = await prod.layers();
    await prod.destroy();
    assert.equal(await at(app, "stable"), app?.digest);
    assert.equal(await at(app, "2.0.0-beta.1"), app?.digest);
  });

  it("knows the versions again that there were before it was destroyed, and moves no name to an older one", async () => {
    const { app, base } = await dev.layers();
    const newest = await at(app, "latest");
    await dev.destroy();
    await dev.configure({ "versions.app": "1.2.9", "versions.base": "1.0.0" });
    await dev.up();
    assert.equal(await at(app, "1.2.9"), app?.digest);
    assert.equal(await at(app, "1.2"), app?.digest);
    assert.deepEqual([await at(app, "1"), await at(app, "latest")], [newest, newest]);
    assert.equal(await at(base, "1"), base?.digest);
    assert.deepEqual(Object.keys((await dev.layers()).app?.versions ?? {}), [
      "1.2.3",
      "1.2.9",
      "1.3.0",
      "2.0.0-beta.1",
    ]);
  });

  it("takes no version to another repository that was another image's, and moves no name there to an older one", async () => {
    dev.write("images/app/file", "moved\n");
    await commit("Moved");
    const { app: before } = await dev.layers();
    const there = `${dev.registry}/${dev.organisation}/moved/app`;
    await client.regctl(["image", "copy", before?.ref as string, `${there}:1.4.0`]);
    await dev.configure({ organisation: `${dev.organisation}/moved` });
    await assert.rejects(
      dev.up(),
      /strata:versions\.app: 1\.2\.9 is sha256:\w+ in \S+\/app, and would be sha256:\w+ in \S+\/moved\/app;/,
    );
    assert.equal(await client.digest(`${there}:1.2.9`), undefined);
    await dev.configure({ "versions.app": "1.2.10" });
    await dev.up();
    const { app } = await dev.layers();
    assert.equal(app?.ref, `${there}@${app?.digest}`);
    assert.notEqual(app?.digest, before?.digest);
    assert.equal(await at(app, "1.2.10"), app?.digest);
    assert.deepEqual([await at(app, "1"), await at(app, "latest")], [before?.digest, before?.digest]);
    assert.deepEqual(Object.keys(app?.versions ?? {}), ["1.2.10", "1.4.0"]);
  });
});
