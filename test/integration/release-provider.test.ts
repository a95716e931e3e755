import assert from "node:assert/strict";
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
    assert.match(await succeeds(project.refresh()), /- strata:release:Copy: \(delete\)/);
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
