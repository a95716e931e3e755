import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./project";

/** BuildKit takes a file for the one that it got before when path, size and time are equal, and of what is staged all times are. */
describe("files of one path and size", () => {
  let project: Project;
  before(async () => {
    project = await Project.make({
      "images/one/Dockerfile": "FROM scratch\nCOPY --link port /\n",
      "images/one/port": "port 1\n",
      "images/two/Dockerfile": "FROM one\nCOPY --link port /\n",
      "images/two/port": "port 2\n",
    });
    await project.up();
  });
  after(() => project?.remove());

  it("are not mistaken for those of another layer", async () => {
    const [first, second] = await project.filesystemLayersOf("two");
    assert.deepEqual(await project.filesystemLayersOf("one"), [first]);
    assert.notEqual(second, first);
  });

  it("are not mistaken for what they were before an edit", async () => {
    const before = await project.digests();
    for (const port of ["port 3\n", "port 4\n"]) {
      const last = await project.digests();
      project.write("images/one/port", port);
      await project.up();
      assert.notEqual((await project.digests()).one, last.one);
    }
    project.write("images/one/port", "port 1\n");
    await project.up();
    assert.deepEqual(await project.digests(), before);
  });
});

describe("a preview on a fresh machine", () => {
  let project: Project;
  before(async () => {
    project = await Project.make({
      "images/base/Dockerfile": "FROM scratch\nCOPY --link version /\n",
      "images/base/version": "1\n",
      "images/app/Dockerfile": "FROM base\nCOPY --link data /data/\n",
      "images/app/data/file": "data\n",
    });
    await project.up();
  });
  after(() => project?.remove());

  /** The names of all files that are staged. */
  const staged = () =>
    readdirSync(join(project.folder, ".strata/contexts"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  const dockerfiles = ["Dockerfile", "Dockerfile", "Dockerfile.dockerignore", "Dockerfile.dockerignore"];

  it("copies no file of a context to find that nothing changed", async () => {
    project.delete(".strata/contexts");
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
    assert.deepEqual(staged(), dockerfiles);
  });

  it("finds the same where the engine asks the provider, which hashes contexts", async () => {
    project.delete(".strata/contexts");
    const { changes } = await project.preview({ PULUMI_ENABLE_LEGACY_DIFF: "0" });
    assert.deepEqual(Object.keys(changes), ["same"]);
    assert.ok(staged().includes("file"));
  });

  it("copies none to tell what changes, and says of no other context that it did; the update has them all", async () => {
    project.delete(".strata/contexts");
    project.write("images/base/version", "2\n");
    const { output } = await project.preview();
    assert.match(output, /docker-build:index:Image base update \[diff: ~context,dockerfile,tags\]/);
    assert.match(output, /docker-build:index:Image app update \[diff: ~context,labels,tags\]/);
    assert.deepEqual(staged(), dockerfiles);
    await project.up();
    const { app } = await project.layers();
    assert.equal(await project.run("regctl", "image", "get-file", app?.ref as string, "/data/file"), "data");
    assert.equal(await project.run("regctl", "image", "get-file", app?.ref as string, "/version"), "2");
  });
});
