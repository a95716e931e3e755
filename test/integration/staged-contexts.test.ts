import assert from "node:assert/strict";
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
