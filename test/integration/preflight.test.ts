import assert from "node:assert/strict";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { builderPlatforms } from "../../components/builder";
import { buildkitDaemon, localBuilder } from "../../tools/services/buildkit";
import { startDaemon, stopDaemon } from "../../tools/services/daemon";
import { home, Project } from "./project";

/** What only copies can be built for it anywhere. */
const foreign = "linux/s390x";
const dockerfile = { copies: "FROM data\nCOPY file /more\n", runs: "FROM data\nCOPY file /more\nRUN a\n" };
const family = {
  "images/data/Dockerfile": "FROM scratch\nCOPY file /\n",
  "images/data/file": "contents\n",
  "images/data/image.yaml": `platforms: [linux/amd64, ${foreign}]\n`,
  "images/more/Dockerfile": dockerfile.copies,
  "images/more/file": "more\n",
  "images/more/image.yaml": `platforms: [${foreign}]\n`,
};

describe("a platform that is missing", () => {
  let project: Project;
  before(async function () {
    project = await Project.make(family);
    // A machine may have an emulator.
    if ((await builderPlatforms(localBuilder, project.env))?.includes(foreign)) this.skip();
  });
  after(() => project?.remove());

  it("is none for what only copies", async () => {
    const { changes } = await project.preview();
    assert.deepEqual(Object.keys(changes), ["create"]);
  });

  const cannotRun = (error: Error) => {
    assert.match(
      error.message,
      /error: images\/more\/Dockerfile: the builder strata-local cannot run linux\/s390x, which more needs for its RUN steps/,
    );
    assert.doesNotMatch(error.message, /unhandled|serializing/);
    return true;
  };

  it("of the builder is told by the first preview, with the layer and its file, though what is beneath is not built yet", async () => {
    project.write("images/more/Dockerfile", dockerfile.runs);
    await assert.rejects(project.preview(), cannotRun);
  });

  it("is told in the same words by a builder that answers when the program is over", async () => {
    const { PATH = "" } = project.env;
    project.write("slow/buildx", '#!/bin/sh\nsleep 2\nPATH="$TOOLS" exec buildx "$@"\n');
    chmodSync(join(project.folder, "slow/buildx"), 0o755);
    await assert.rejects(project.preview({ PATH: `${join(project.folder, "slow")}:${PATH}`, TOOLS: PATH }), cannotRun);
  });

  it("ends an up before anything is built", async () => {
    await assert.rejects(project.up(), /cannot run linux\/s390x/);
    assert.ok(
      !readdirSync(home.registry, { recursive: true }).some((path) => String(path).includes(project.organisation)),
    );
  });

  it("of an upstream is told as well", async () => {
    project.write("images/more/Dockerfile", "FROM alpine:3.22\nCOPY file /\n");
    project.write("images/more/image.yaml", "platforms: [linux/s390x]\n");
    await assert.rejects(
      project.preview(),
      /images\/more\/Dockerfile: .*alpine:3\.22.* has no linux\/s390x, which more is built on/,
    );
  });

  it("is not looked for where nothing is to be built, nor where the builder does not run", async () => {
    project.write("images/more/Dockerfile", dockerfile.runs);
    project.write("images/more/image.yaml", `platforms: [${foreign}]\n`);
    await stopDaemon("buildkitd", home);
    try {
      assert.ok((await project.preview()).changes.create);
    } finally {
      await startDaemon(buildkitDaemon(home), home);
    }
    project.write("images/more/Dockerfile", dockerfile.copies);
    await project.up();
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
  });
});
