import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { bakeFile } from "../../components/catalog/bake";
import { readCatalog } from "../../components/catalog/catalog";
import { readUpstreams } from "../../components/catalog/upstreams";
import { localBuilder } from "../../tools/services/buildkit";
import { startDaemon, stopDaemon } from "../../tools/services/daemon";
import { registryDaemon } from "../../tools/services/registry";
import { emptyBuildkit, registryPort } from "../../tools/services/services";
import { buildLog, failedStep } from "../../tools/stack/build-logs";
import { home, Project, testServices } from "./project";

/** base → tooling → app, with a step that runs, one that depends on it, and files. */
const chain = {
  "images/base/Dockerfile": "FROM alpine:3.22\nRUN echo base > /base\n",
  "images/tooling/Dockerfile": "FROM base\nCOPY config /etc/tooling\nRUN cat /base > /tooling\n",
  "images/tooling/config": "port 2222\n",
  "images/app/Dockerfile": "FROM tooling\nCOPY --link app.sh /usr/local/bin/app\n",
  "images/app/app.sh": "echo app\n",
};

async function filesystemLayerSizes(project: Project, name: string): Promise<number[]> {
  const ref = (await project.layers())[name]?.ref as string;
  return (await project.filesystemLayers(ref)).map(({ size }) => size);
}

describe("a family of three layers", () => {
  let project: Project;
  before(async () => {
    project = await Project.make(chain);
  });
  after(() => project?.remove());

  it("is built from nothing, each layer on the filesystem layers of its parent", async () => {
    const { layers } = await project.up();
    assert.deepEqual(Object.keys(layers).sort(), ["app", "base", "tooling"]);
    for (const layer of Object.values(layers)) assert.equal(layer.action, "new");

    const [base, tooling, app] = await Promise.all(
      ["base", "tooling", "app"].map((name) => project.filesystemLayersOf(name)),
    );
    assert.ok(base && tooling && app);
    assert.deepEqual(tooling.slice(0, base.length), base);
    assert.deepEqual(app.slice(0, tooling.length), tooling);
    assert.equal(base.length, 2);
    assert.equal(tooling.length, 4);
    assert.equal(app.length, 5);
  });

  it("tells of each layer how it was built", async () => {
    const layers = await project.layers();
    for (const [name, { seconds, sizeBytes, commit, buildId, ref, digest, platforms }] of Object.entries(layers)) {
      assert.ok(seconds !== undefined && seconds > 0 && seconds < 600, `${name}: ${seconds}`);
      assert.equal(
        sizeBytes,
        (await filesystemLayerSizes(project, name)).reduce((sum, size) => sum + size),
      );
      assert.match(commit ?? "", /^[0-9a-f]{40}(-dirty)?$/);
      assert.match(buildId, /^[0-9a-f]{64}$/);
      assert.equal(ref, `${project.registry}/${project.organisation}/${name}@${digest}`);
      assert.deepEqual(platforms, ["linux/amd64"]);
    }
  });

  it("changes nothing the second time, nor what it tells of the first", async () => {
    const before = await project.layers();
    const { changes } = await project.up();
    assert.deepEqual(Object.keys(changes), ["same"]);
    assert.deepEqual(await project.layers(), before);
  });

  it("changes nothing under another umask", async () => {
    chmodSync(join(project.folder, "images/app/app.sh"), 0o664);
    project.delete(".strata/contexts");
    const umask = process.umask(0o077);
    try {
      const { changes } = await project.preview();
      assert.deepEqual(Object.keys(changes), ["same"]);
    } finally {
      process.umask(umask);
    }
  });

  it("builds app only when a file of app changes, and the preview says so", async () => {
    const before = await project.digests();
    project.append("images/app/app.sh", "echo more\n");
    const { layers, changes, output } = await project.preview();
    assert.deepEqual(layers.app?.reasons, ["M app.sh"]);
    assert.equal(layers.tooling?.action, "unchanged");
    assert.deepEqual(changes.update, 2, "the layer and its image");
    assert.match(output, /strata:image:Layer app update \[diff: ~files\]/);
    assert.doesNotMatch(output, /tooling|base/);

    await project.up();
    const now = await project.digests();
    assert.notEqual(now.app, before.app);
    assert.deepEqual({ ...now, app: "" }, { ...before, app: "" });
  });

  it("builds what stands on a parent that changes, and says that the parent is why", async () => {
    const before = await project.digests();
    project.append("images/tooling/config", "log yes\n");
    const { layers, output } = await project.preview();
    assert.deepEqual(layers.tooling?.reasons, ["M config"]);
    assert.deepEqual(layers.app?.reasons, ["parent tooling"]);
    assert.match(output, /strata:image:Layer app update \[diff: ~parents\]/);

    await project.up();
    const now = await project.digests();
    assert.equal(now.base, before.base);
    assert.notEqual(now.tooling, before.tooling);
    assert.notEqual(now.app, before.app);
  });

  it("changes nothing for comments, blank lines and files that no step reads", async () => {
    project.append("images/tooling/Dockerfile", "\n# a comment changes nothing in the image\n");
    project.write("images/app/notes.md", "not copied\n");
    const { changes } = await project.preview();
    assert.deepEqual(Object.keys(changes), ["same"]);
  });

  it("runs the steps of a layer again when its rebuild number is raised, though nothing of it changed", async () => {
    const before = await project.digests();
    project.write("images/base/image.yaml", "rebuild: 1\n");
    const { layers, output } = await project.up();
    assert.deepEqual(layers.base?.reasons, ["rebuild 0→1"]);
    assert.doesNotMatch(output, /CACHED \[/);
    assert.equal(layers.tooling?.action, "unchanged", "the same bytes came out");
    assert.deepEqual(await project.digests(), before);
  });

  it("leaves alone what stands on a parent that comes out the same", async () => {
    const before = await project.digests();
    project.write("images/tooling/Dockerfile", `FROM scratch AS unused\n${project.read("images/tooling/Dockerfile")}`);
    const { layers } = await project.up();
    assert.equal(layers.tooling?.action, "changed");
    assert.equal(layers.app?.action, "unchanged");
    assert.deepEqual(await project.digests(), before);
  });

  it("is built by plain buildx from the file that strata bake prints", async () => {
    const upstreams = readUpstreams(join(project.folder, "upstreams.yaml"), home.standInsFile);
    const source = { upstreams, pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
    const file = bakeFile(readCatalog({ ...source, images: join(project.folder, "images"), root: project.folder }));
    project.write("docker-bake.json", JSON.stringify(file));
    const tar = join(project.folder, "app.tar");
    const options = ["--builder", localBuilder, "--allow", "fs.read=/", "--allow", `fs.write=${project.folder}`];
    await project.run(
      "buildx",
      "bake",
      "-f",
      "docker-bake.json",
      "app",
      ...options,
      "--set",
      `app.output=type=tar,dest=${tar}`,
    );
    assert.match(await project.run("tar", "-xOf", tar, "tooling", "usr/local/bin/app"), /^base\necho app\n/);
  });

  it("marks every image that was made on a stand-in", async function () {
    const layers = await project.layers();
    if (layers.base?.standIn.length === 0) this.skip(); // alpine's registry can be reached: nothing to mark
    for (const { ref } of Object.values(layers)) {
      const config = await project.run("regctl", "image", "inspect", ref, "--platform", "linux/amd64");
      assert.equal(JSON.parse(config).config.Labels["strata.stand-in"], "alpine:3.22");
    }
  });

  it("has the same digests when another project builds it on an emptied BuildKit", async () => {
    const before = await project.digests();
    const layers = Object.fromEntries(
      ["images/tooling/config", "images/tooling/Dockerfile", "images/app/app.sh"].map((path) => [
        path,
        project.read(path),
      ]),
    );
    await emptyBuildkit(home);
    const other = await Project.make({ ...chain, ...layers });
    try {
      await other.up();
      assert.notEqual(other.organisation, project.organisation);
      assert.deepEqual(await other.digests(), before);
    } finally {
      other.remove();
    }
  });

  it("keeps in the registry the image of a layer that is removed", async () => {
    const ref = (await project.layers()).app?.ref as string;
    const [dockerfile, app] = ["Dockerfile", "app.sh"].map((name) => project.read(`images/app/${name}`)) as [
      string,
      string,
    ];
    project.delete("images/app");
    const { layers } = await project.up();
    assert.equal(layers.app?.action, "removed");
    assert.ok(await project.run("regctl", "manifest", "head", ref));
    project.write("images/app/Dockerfile", dockerfile);
    project.write("images/app/app.sh", app);
    await project.up();
    assert.equal((await project.layers()).app?.ref, ref);
  });

  it("is built again by a refresh when the registry has lost an image", async () => {
    const before = await project.digests();
    await project.run("regctl", "manifest", "delete", (await project.layers()).app?.ref as string);
    await project.up({ refresh: true });
    assert.deepEqual(await project.digests(), before);
    assert.ok((await project.filesystemLayersOf("app")).length > 0);
  });
});

describe("the build cache of a layer", () => {
  it("has what stages made in zstd as well, but for what an upstream brings", async () => {
    const project = await Project.make({
      // What a builder has compressed before stays as it is.
      "images/base/Dockerfile": `FROM alpine:3.22 AS tool\nRUN echo ${randomUUID()} > /tool\nFROM alpine:3.22\nCOPY --link --from=tool /tool /\n`,
    });
    try {
      await project.up();
      const { base } = await project.layers();
      const cache = `${base?.ref.slice(0, base.ref.indexOf("@"))}:cache`;
      const { ref } = readUpstreams(join(project.folder, "upstreams.yaml"), home.standInsFile).get("alpine:3.22") as {
        ref: string;
      };
      const upstream = (await project.filesystemLayers(ref)).map(({ digest }) => digest);
      const made = (await project.filesystemLayers(cache)).filter(({ digest }) => !upstream.includes(digest));
      assert.ok(made.length >= 2, "the tool, where it was made and where it was copied to");
      for (const { mediaType } of made) assert.equal(mediaType, "application/vnd.oci.image.layer.v1.tar+zstd");
    } finally {
      project.remove();
    }
  });
});

describe("what can go wrong in a build", () => {
  let project: Project;
  beforeEach(async () => {
    project = await Project.make(chain);
  });
  afterEach(() => project?.remove());

  it("says what a broken step printed, builds the others, and goes on from there", async () => {
    project.write("images/other/Dockerfile", "FROM tooling\nRUN sleep 2 && echo other > /other\n");
    project.write("images/last/Dockerfile", "FROM other\nRUN echo last > /last\n");
    project.write("images/app/Dockerfile", "FROM tooling\nRUN echo the answer is $((6 * 7)) && exit 3\n");
    await assert.rejects(project.up(), (error: Error) => {
      assert.match(error.message, /exit code: 3/);
      return true;
    });
    assert.match(
      failedStep((await buildLog("app", localBuilder, project.env, project.folder)) ?? ""),
      /the answer is 42/,
    );
    project.write("images/app/Dockerfile", chain["images/app/Dockerfile"]);
    const { layers } = await project.up();
    for (const name of ["base", "tooling", "other", "last"]) assert.equal(layers[name]?.action, "unchanged", name);
    assert.deepEqual(Object.keys(await project.layers()).sort(), ["app", "base", "last", "other", "tooling"]);
  });

  it("names the registry that is down, and goes on when it is back", async () => {
    await stopDaemon("registry", home);
    try {
      await assert.rejects(project.up(), (error: Error) => {
        assert.ok(error.message.includes(project.registry), error.message);
        assert.match(error.message, /connection refused/);
        return true;
      });
    } finally {
      await startDaemon(registryDaemon(home, registryPort(home)), home);
    }
    await project.up();
    assert.equal(Object.keys(await project.layers()).length, 3);
  });

  it("says that credentials were refused, and does not print them", async () => {
    const auth = Buffer.from("strata:not-the-password").toString("base64");
    const docker = join(project.folder, "docker");
    project.write("docker/config.json", JSON.stringify({ auths: { [project.registry]: { auth } } }));
    await project.run("cp", "-r", `${home.docker}/buildx`, `${docker}/buildx`);
    await assert.rejects(project.up({}, { DOCKER_CONFIG: docker }), (error: Error) => {
      assert.match(error.message, /401|[Uu]nauthorized|authorization failed/);
      assert.ok(!error.message.includes("not-the-password") && !error.message.includes(auth));
      return true;
    });
  });
});

describe("a repository template without a name", () => {
  it("puts all layers into one repository, each with tags of its own", async () => {
    const files = {
      "images/data/Dockerfile": "FROM scratch\nCOPY file /\n",
      "images/data/file": "contents\n",
      "images/more/Dockerfile": "FROM data\nCOPY file /more\n",
      "images/more/file": "more\n",
    };
    const project = await Project.make(files, { config: { repository: "{registry}/{organisation}" } });
    try {
      await project.up();
      assert.deepEqual(Object.keys((await project.up()).changes), ["same"]);
      const tags = await project.run("regctl", "tag", "ls", `${project.registry}/${project.organisation}`);
      assert.match(tags, /^data-b-[0-9a-f]{64}\nmore-b-[0-9a-f]{64}$/);
    } finally {
      project.remove();
    }
  });
});

describe("stacks other than local", () => {
  const family = {
    "images/data/Dockerfile": "FROM scratch\nCOPY file /\n",
    "images/data/file": "contents\n",
    "images/more/Dockerfile": "FROM data\nCOPY file /more\n",
    "images/more/file": "more\n",
  };

  it("build on the builder and in the registry that their configuration names", async () => {
    const registry = await testServices();
    const project = await Project.make(family, { stack: "dev", config: { builder: "mine" } });
    try {
      const docker = join(project.folder, "docker");
      await project.run("cp", "-r", home.docker, docker);
      await project.run(
        "env",
        `DOCKER_CONFIG=${docker}`,
        "buildx",
        "create",
        "--name",
        "mine",
        "--driver",
        "remote",
        `unix://${home.run}/buildkitd.sock`,
      );
      await project.up({}, { DOCKER_CONFIG: docker });
      const layers = await project.layers();
      assert.ok(layers.more?.ref.startsWith(`${registry}/${project.organisation}/more@sha256:`));
      assert.deepEqual(layers.more?.standIn, []);
    } finally {
      project.remove();
    }
  });

  it("refuse stand-ins before anything is built", async () => {
    const project = await Project.make(family, { stack: "dev", config: { standIns: home.standInsFile } });
    try {
      await assert.rejects(
        project.preview(),
        /strata:standIns: only the stack "local" may build on stand-ins, and this is "dev"/,
      );
      assert.deepEqual(await project.layers(), {});
    } finally {
      project.remove();
    }
  });
});
