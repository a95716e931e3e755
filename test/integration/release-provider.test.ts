import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { home } from "./project";
import { ReleaseProject, type Wanted } from "./release-project";
import { Client, clientOf, TestRegistry } from "./two-registries";

let dev: TestRegistry;
let client: Client;
let number = 0;

before(async () => {
  dev = await TestRegistry.start("release-dev");
  client = new Client(clientOf(join(home.folder, "release-dev/client"), dev));
});
after(() => dev?.stop());

describe("release tags in a registry", function () {
  this.timeout(180_000);
  let project: ReleaseProject;
  let repository: string;
  let [first, second] = ["", ""];

  beforeEach(async () => {
    repository = `${dev.host}/acme/t${process.pid}-${number++}`;
    first = await client.push(`${repository}:b-${"1".repeat(64)}`, "first");
    second = await client.push(`${repository}:b-${"2".repeat(64)}`, "second");
  });
  afterEach(() => project?.remove());

  const tags = (named: Record<string, string>, immutable: string[] = [], keep = true): Wanted => ({
    tags: { app: { repository, tags: named, immutable, keep } },
  });

  it("are given, moved, and asked for only where something changed", async () => {
    project = await new ReleaseProject(client.env).init(tags({ latest: first, "1.0.0": first }, ["1.0.0"]));
    await succeeds(project.preview());
    assert.equal(await client.digest(`${repository}:latest`), undefined);
    await succeeds(project.up());
    assert.equal(await client.digest(`${repository}:latest`), first);
    assert.equal(await client.digest(`${repository}:1.0.0`), first);

    project.asked();
    assert.match(await succeeds(project.up()), /2 unchanged/);
    assert.deepEqual(project.asked(), []);

    project.want(tags({ latest: second, "1.0.0": first, "1.0.1": second }, ["1.0.0", "1.0.1"]));
    assert.match(await succeeds(project.preview()), /~ latest: "sha256:4d6d\w+" => "sha256:27e8\w+"/);
    await succeeds(project.up());
    assert.equal(await client.digest(`${repository}:latest`), second);
    assert.equal(await client.digest(`${repository}:1.0.0`), first);
    assert.equal(await client.digest(`${repository}:1.0.1`), second);
  });

  it("that were moved or taken away by hand show in a refresh, and are put back", async () => {
    project = await new ReleaseProject(client.env).init(tags({ latest: first, stable: first }));
    await succeeds(project.up());
    await client.regctl(["image", "copy", `${repository}@${second}`, `${repository}:latest`]);
    await client.regctl(["tag", "delete", `${repository}:stable`]);
    assert.match(await succeeds(project.refresh()), /~ latest: "sha256:4d6d\w+" => "sha256:27e8\w+"\s+- stable: /);
    assert.match(await succeeds(project.preview()), /~ latest: "sha256:27e8\w+" => "sha256:4d6d\w+"\s+\+ stable: /);
    await succeeds(project.up());
    assert.equal(await client.digest(`${repository}:latest`), first);
    assert.equal(await client.digest(`${repository}:stable`), first);
  });

  it("that may never move are refused in a preview and in an update, and nothing is overwritten", async () => {
    await client.regctl(["image", "copy", `${repository}@${first}`, `${repository}:1.0.0`]);
    const wanted = tags({ latest: second, "1.0.0": second }, ["1.0.0"]);
    project = await new ReleaseProject(client.env).init(wanted);
    for (const { exitCode, output } of [await project.preview(), await project.up()]) {
      assert.notEqual(exitCode, 0);
      const told = `'app' has a problem: ${repository}:1.0.0 names ${first} and was to name ${second}; it must never`;
      assert.ok(output.includes(told), output);
    }
    assert.deepEqual(
      [await client.digest(`${repository}:1.0.0`), await client.digest(`${repository}:latest`)],
      [first, undefined],
    );
    await client.regctl(["tag", "delete", `${repository}:1.0.0`]);
    await succeeds(project.up());
    assert.equal(await client.digest(`${repository}:1.0.0`), second);

    await client.regctl(["image", "copy", `${repository}@${first}`, `${repository}:1.0.0`]);
    await succeeds(project.refresh());
    assert.match((await project.preview()).output, /:1\.0\.0 names .* nothing was overwritten/);
  });

  it("of yesterday stay when today's come; those of a pull request go with it, each alone", async () => {
    const [day, request] = [
      { repository, immutable: ["d1"] },
      { repository, immutable: [], keep: false },
    ];
    const wanted = (one: Record<string, string>, other: Record<string, string>): Wanted => ({
      tags: { days: { ...day, tags: one, immutable: Object.keys(one) }, request: { ...request, tags: other } },
    });
    project = await new ReleaseProject(client.env).init(wanted({ d1: first }, { "pr-7-a": first, "pr-7": first }));
    await succeeds(project.up());
    project.want(wanted({ d2: second }, { "pr-7-b": second, "pr-7": second }));
    await succeeds(project.up());
    const [one, two] = [`b-${"1".repeat(64)}`, `b-${"2".repeat(64)}`];
    assert.deepEqual(await client.tags(repository), [one, two, "d1", "d2", "pr-7", "pr-7-a", "pr-7-b"]);
    await succeeds(project.destroy());
    assert.deepEqual(await client.tags(repository), [one, two, "d1", "d2"]);
    for (const digest of [first, second]) assert.equal(await client.digest(`${repository}@${digest}`), digest);
  });

  it("stay, with a warning, where they are all that names their image", async () => {
    await client.regctl(["tag", "delete", `${repository}:b-${"1".repeat(64)}`]);
    await client.regctl(["image", "copy", `${repository}@${first}`, `${repository}:pr-7`]);
    project = await new ReleaseProject(client.env).init(tags({ "pr-7": first }, [], false));
    await succeeds(project.up());
    assert.match(await succeeds(project.destroy()), /warning: \S+:pr-7 stays: it is the only tag of sha256:/);
    assert.equal(await client.digest(`${repository}:pr-7`), first);
  });

  it("need a log-in that is good, and say so without what was tried", async () => {
    const wrong = { ...client.env, DOCKER_CONFIG: join(home.folder, "release-dev/wrong") };
    const auth = Buffer.from("strata:a-wrong-password").toString("base64");
    mkdirSync(wrong.DOCKER_CONFIG, { recursive: true });
    writeFileSync(join(wrong.DOCKER_CONFIG, "config.json"), JSON.stringify({ auths: { [dev.host]: { auth } } }));
    project = await new ReleaseProject(wrong).init(tags({ latest: first }));
    const { exitCode, output } = await project.up();
    assert.notEqual(exitCode, 0);
    assert.match(
      output,
      new RegExp(
        `error: ${repository}:latest: the registry could not be asked: .*; log in with: docker login ${dev.host}\n`,
      ),
    );
    assert.ok(!output.includes("a-wrong-password") && !output.includes(auth), output);
  });
});

describe("release tags in a registry that deletes nothing", function () {
  this.timeout(180_000);

  it("stay, with a warning, as they were", async () => {
    const registry = await TestRegistry.start("release-keeps", { deletes: false });
    const { env } = new Client(clientOf(join(home.folder, "release-keeps/client"), registry));
    const keeps = new Client(env);
    const repository = `${registry.host}/acme/app`;
    const digest = await keeps.push(`${repository}:b-${"1".repeat(64)}`, "kept");
    const project = await new ReleaseProject(env).init({
      tags: { app: { repository, tags: { "pr-7": digest }, keep: false } },
    });
    try {
      await succeeds(project.up());
      assert.match(await succeeds(project.destroy()), /warning: \S+:pr-7 stays: its registry cannot take tags away/);
      assert.equal(await keeps.digest(`${repository}:pr-7`), digest);
    } finally {
      project.remove();
      await registry.stop();
    }
  });
});

describe("a copy of an image", function () {
  this.timeout(180_000);
  let prod: TestRegistry;
  let both: Client;
  let project: ReleaseProject;
  const platforms = ["linux/amd64", "linux/arm64"];
  const tag = `b-${"1".repeat(64)}`;

  before(async () => {
    prod = await TestRegistry.start("release-prod");
    both = new Client(clientOf(join(home.folder, "release-prod/client"), dev, prod));
  });
  after(() => prod?.stop());
  afterEach(() => project?.remove());

  it("has all platforms and what is attached, in a registry with other credentials; one that is gone comes again", async () => {
    const [from, to] = [`${dev.host}/acme/c${process.pid}`, `${prod.host}/prod/c${process.pid}`];
    const digest = await both.push(`${from}:${tag}`, "copied", { platforms });
    await both.regctl(
      ["artifact", "put", "--artifact-type", "application/x", "--subject", `${from}:${tag}`],
      "attached",
    );
    const wanted: Wanted = {
      copies: { app: { source: `${from}@${digest}`, repository: to, tag, digest, platforms } },
      tags: { app: { repository: to, tags: { "1.0.0": digest }, immutable: ["1.0.0"] } },
    };
    project = await new ReleaseProject(both.env).init(wanted);
    await succeeds(project.preview());
    await succeeds(project.up());
    assert.equal(await both.digest(`${to}:${tag}`), digest);
    assert.equal(await both.digest(`${to}:1.0.0`), digest);
    assert.match(await both.regctl(["artifact", "list", `${to}:${tag}`]), /application\/x/);
    project.asked();
    await succeeds(project.up());
    assert.deepEqual(project.asked(), []);

    await both.regctl(["tag", "delete", `${to}:${tag}`]);
    assert.match(await succeeds(project.refresh()), /~ strata:release:Copy: \(update\)/);
    await succeeds(project.up());
    assert.equal(await both.digest(`${to}:${tag}`), digest);
    await succeeds(project.destroy());
    assert.equal(await both.digest(`${to}:${tag}`), digest);
  });

  it("is refused in a preview where the image stands on a stand-in or lacks a platform", async () => {
    const [from, to] = [`${dev.host}/acme/r${process.pid}`, `${prod.host}/prod/r${process.pid}`];
    const labels = { "strata.stand-in": "debian:trixie-slim" };
    const digest = await both.push(`${from}:${tag}`, "stands in", { labels });
    project = await new ReleaseProject(both.env).init({
      copies: { app: { source: `${from}@${digest}`, repository: to, tag, digest, platforms } },
    });
    const { exitCode, output } = await project.preview();
    assert.notEqual(exitCode, 0);
    assert.match(output, /'app' has a problem: \S+ was made on stand-ins for debian:trixie-slim and must not leave/);
    assert.match(output, /'app' has a problem: \S+ has no linux\/arm64/);
    assert.equal(await both.digest(`${to}:${tag}`), undefined);
  });
});

async function succeeds(answer: Promise<{ exitCode: number | undefined; output: string }>): Promise<string> {
  const { exitCode, output } = await answer;
  assert.equal(exitCode, 0, output);
  return output;
}
