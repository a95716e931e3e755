import assert from "node:assert/strict";
import { execa } from "execa";
import { nameIn } from "../../components/urn";
import { localBuilder } from "../../tools/services/local-builder";
import { Project, stepsOf } from "./project";
import { strataIn } from "./strata-copy";

/** base → app → cli, and site beside them. */
const family = {
  "images/base/Dockerfile": "FROM scratch\nCOPY file /base\n",
  "images/base/file": "1\n",
  "images/app/Dockerfile": "FROM base\nCOPY file /app\n",
  "images/app/file": "1\n",
  "images/cli/Dockerfile": "FROM app\nCOPY --link file /cli\n",
  "images/cli/file": "1\n",
  "images/site/Dockerfile": "FROM scratch\nCOPY file /site\n",
  "images/site/file": "1\n",
  ".gitignore": "node_modules\ncomponents\nbin\ntools\nstate\n.strata\nPulumi.*.yaml\n",
};

describe("the stack of a pull request", function () {
  this.timeout(300_000);
  let dev: Project;
  let pull: Project;
  let strata: ReturnType<typeof strataIn>;
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    return (await execa("git", [...identity, ...args], { cwd: dev.folder, timeout: 30_000 })).stdout;
  };
  const digestOf = (ref: string) => dev.run("regctl", "image", "digest", ref);
  const built = (events: Awaited<ReturnType<Project["up"]>>) =>
    stepsOf(events)
      .filter(({ op, type }) => type === "docker-build:index:Image" && op !== "same")
      .map(({ op, urn }) => `${op} ${nameIn(urn)}`);

  before(async () => {
    dev = await Project.make(family, { stack: "dev", config: { "releaseTags[0]": "latest" } });
    strata = strataIn(dev);
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "First");
    await dev.up();
    await git("checkout", "--quiet", "-b", "edit");
    dev.write("images/app/file", "2\n");
    dev.write("images/app/README.md", "An app\n");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "Edit app");
    const config = { builder: localBuilder, reuseFrom: "dev", "releaseTags[0]": "pr-{n}-{sha}" };
    pull = await dev.stackOf("pr-7", config);
  });
  after(() => dev?.remove());

  it("has a plan that names just the layers that the branch changes, and the files", async () => {
    const { stdout, stderr } = await strata("plan", "--stack", "pr-7", "--markdown");
    assert.match(stdout, /^\*\*2 of 4 layers&#58; 1 build, 1 rebase, about /m, stderr);
    const rows = stdout.split("\n").filter((line) => line.startsWith("| <code>"));
    assert.equal(rows.length, 2);
    assert.match(rows[0] as string, /^\| <code>app<\/code> \| build \|.*\| <code>M file<\/code> \|$/);
    assert.match(rows[1] as string, /^\| <code>cli<\/code> \| rebase \|.*\| <code>parent app<\/code> \|$/);
    assert.match(stdout, /Tags&#58;/);
  });

  it("builds only those, takes the rest from the other stack by digest, and names them", async () => {
    assert.deepEqual(built(await pull.up()), ["create app", "create cli"]);
    const [there, here] = [await dev.layers(), await pull.layers()];
    const same = Object.keys(here).filter((name) => here[name]?.ref === there[name]?.ref);
    assert.deepEqual(same.sort(), ["base", "site"]);
    const sha = (await git("rev-parse", "HEAD")).slice(0, 7);
    for (const name of ["app", "cli"]) {
      const repository = here[name]?.ref.split("@")[0];
      assert.equal(await digestOf(`${repository}:pr-7-${sha}`), here[name]?.digest);
      assert.equal(await digestOf(`${repository}:latest`), there[name]?.digest);
    }
    assert.deepEqual(built(await pull.up()), []);
  });

  it("uses the other stack's image again where the edit is taken back, and builds nothing for it", async () => {
    dev.write("images/app/file", "1\n");
    const { stdout } = await strata("plan", "--stack", "pr-7");
    await git("checkout", "--", "images");
    assert.match(stdout, /0 of 4 layers: nothing to build/);
  });

  it("is the very image that the other stack then builds, when the branch is merged", async () => {
    await git("checkout", "--quiet", "main");
    await git("merge", "--quiet", "--no-ff", "--message", "Merge", "edit");
    const wanted = await pull.digests();
    await dev.up();
    assert.deepEqual(await dev.digests(), wanted);
  });

  it("takes its tags away with it, and nothing else", async () => {
    const { app } = await pull.layers();
    const repository = app?.ref.split("@")[0];
    const before = await dev.run("regctl", "tag", "ls", repository as string);
    await pull.destroy();
    const after = await dev.run("regctl", "tag", "ls", repository as string);
    const gone = before.split("\n").filter((tag) => !after.split("\n").includes(tag));
    assert.deepEqual(gone, [before.split("\n").find((tag) => tag.startsWith("pr-7-"))]);
    assert.equal(await digestOf(app?.ref as string), app?.digest);
    assert.equal(await digestOf(`${repository}:latest`), app?.digest);
  });
});
