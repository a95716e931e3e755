import assert from "node:assert/strict";
import { join } from "node:path";
import { builderPlatforms } from "../../components/builder";
import { readUpstreams } from "../../components/catalog/upstreams";
import { imagePlatforms, imageSize } from "../../components/image";
import { root } from "../../tools/home";
import { emptyBuildkit } from "../../tools/services/services";
import { type Node, Nodes, nodes } from "./nodes";
import { home, Project, testServices } from "./project";

const both = ["linux/amd64", "linux/arm64"];
const manifestOfBoth = `platforms: [${both.join(", ")}]\n`;

/** No step runs a command, so that any builder builds them for any platform. */
const copies = {
  "images/data/Dockerfile": "FROM scratch\nARG TARGETARCH\nCOPY hello-$TARGETARCH /hello\n",
  "images/data/hello-amd64": "hello from amd64\n",
  "images/data/hello-arm64": "hello from arm64\n",
  "images/more/Dockerfile": "FROM data\nCOPY more /more\n",
  "images/more/more": "more\n",
  "images/data/image.yaml": manifestOfBoth,
  "images/more/image.yaml": manifestOfBoth,
};

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly { readonly platform: { readonly os: string; readonly architecture: string } }[];
}

async function manifest<T>(project: Project, name: string, platform?: string): Promise<T> {
  const ref = (await project.layers())[name]?.ref as string;
  const options = platform ? ["--platform", platform] : [];
  return JSON.parse(await project.run("regctl", "manifest", "get", ref, ...options, "--format", "raw-body")) as T;
}

async function filesystemLayers(project: Project, name: string, platform: string): Promise<string[]> {
  const { layers } = await manifest<{ layers: { digest: string }[] }>(project, name, platform);
  return layers.map(({ digest }) => digest);
}

async function file(project: Project, name: string, platform: string, path: string): Promise<string> {
  const ref = (await project.layers())[name]?.ref as string;
  return project.run("regctl", "image", "get-file", "--platform", platform, ref, path);
}

async function platformsOf(project: Project, name: string): Promise<string[]> {
  const { manifests } = await manifest<Index>(project, name);
  return manifests.map(({ platform: { os, architecture } }) => `${os}/${architecture}`);
}

describe("a family for two platforms", () => {
  let project: Project;
  before(async () => {
    project = await Project.make(copies);
    await project.up();
  });
  after(() => project?.remove());

  it("is an index of exactly these for each layer", async () => {
    for (const name of ["data", "more"]) assert.deepEqual(await platformsOf(project, name), both);
  });

  it("has each platform's image on the filesystem layers of that platform's parent, with its own files", async () => {
    for (const platform of both) {
      const [data, more] = await Promise.all(["data", "more"].map((name) => filesystemLayers(project, name, platform)));
      assert.deepEqual(more?.slice(0, -1), data);
      const architecture = platform.slice("linux/".length);
      assert.equal(await file(project, "more", platform, "hello"), `hello from ${architecture}`);
    }
    const [amd64, arm64] = await Promise.all(both.map((platform) => filesystemLayers(project, "data", platform)));
    assert.notDeepEqual(amd64, arm64);
  });

  it("can be asked for its platforms and its size, of which a layer that they share counts once", async () => {
    const ref = (await project.layers()).more?.ref as string;
    assert.deepEqual(await imagePlatforms(ref, project.env), both);
    const manifests = await Promise.all(
      both.map((platform) => manifest<{ layers: { digest: string; size: number }[] }>(project, "more", platform)),
    );
    const sizes = new Map(manifests.flatMap(({ layers }) => layers.map(({ digest, size }) => [digest, size])));
    assert.equal(sizes.size, 3, "one each, and the file that is the same");
    const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
    assert.equal(await imageSize(ref, project.env), sum);
  });

  it("cannot be asked where the registry does not have it, or is down", async () => {
    const ref = (await project.layers()).more?.ref as string;
    const other = ref.replace(/@.*/, `@sha256:${"0".repeat(64)}`);
    assert.equal(await imagePlatforms(other, project.env), undefined);
    assert.equal(await imageSize(other, project.env), undefined);
    const down = other.replace(project.registry, "localhost:1");
    assert.equal(await imagePlatforms(down, project.env), undefined);
    await assert.rejects(imageSize(down, project.env), {
      name: "RegistryError",
      message: /could not be asked: .*refused/,
    });
  });

  it("has the same digests when another project builds it on an emptied BuildKit", async () => {
    const before = await project.digests();
    await emptyBuildkit(home);
    const other = await Project.make(copies);
    try {
      await other.up();
      assert.deepEqual(await other.digests(), before);
    } finally {
      other.remove();
    }
  });
});

describe("a builder of two nodes, with a platform each", () => {
  let both: Nodes;
  let project: Project;
  const make = (files: Readonly<Record<string, string>>, builder = both.builder) =>
    Project.make(files, { stack: "dev", config: { registry: both.registry, builder }, env: both.env });
  before(async () => {
    await testServices();
    both = await Nodes.start(home);
    project = await make(copies);
  });
  after(async () => {
    project?.remove();
    await both?.stop();
  });

  it("runs the platforms of both, and refuses who has no certificate", async () => {
    const platforms = await builderPlatforms(both.builder, both.env);
    for (const platform of Object.values(nodes)) assert.ok(platforms?.includes(platform), `${platforms}`);
    assert.match(await both.refusal(), /certificate required/);
  });

  it("makes one index, of the digest that the stack tells, and the one that a single builder makes", async () => {
    await project.up();
    for (const [name, { ref, digest, buildId }] of Object.entries(await project.layers())) {
      assert.deepEqual(await platformsOf(project, name), Object.values(nodes));
      const tagged = ref.replace(/@.*/, `:b-${buildId}`);
      assert.equal(await project.run("regctl", "image", "digest", tagged), digest);
    }
    assert.deepEqual(Object.keys((await project.up()).changes), ["same"]);

    const alone = await make(copies, both.single);
    try {
      await alone.up();
      assert.deepEqual(await alone.digests(), await project.digests());
    } finally {
      alone.remove();
    }
  });

  it("builds each platform on its own node", async () => {
    await both.empty();
    const other = await make(copies);
    try {
      await other.up();
      assert.deepEqual(await other.digests(), await project.digests());
    } finally {
      other.remove();
    }
    for (const node of Object.keys(nodes) as Node[]) {
      const copied = (await both.cacheOf(node)).filter((description) => / COPY hello-/.test(description));
      const architecture = nodes[node].slice("linux/".length);
      assert.equal(copied.length, 1);
      assert.match(
        copied[0] as string,
        new RegExp(`^\\[linux/${architecture} .*\\] COPY hello-${architecture} /hello$`),
      );
    }
  });

  it("makes the index of a single builder also where a node has two of three platforms, if they are sorted", async () => {
    const files = { ...copies, "images/data/hello-386": "hello from 386\n" };
    const three = ["data", "more"].map((name) => [
      `images/${name}/image.yaml`,
      "platforms: [linux/386, linux/amd64, linux/arm64]\n",
    ]);
    const [together, alone] = [
      await make({ ...files, ...Object.fromEntries(three) }),
      await make({ ...files, ...Object.fromEntries(three) }, both.single),
    ];
    try {
      await together.up();
      await alone.up();
      assert.deepEqual(await together.digests(), await alone.digests());
    } finally {
      together.remove();
      alone.remove();
    }
  });

  it("keeps one cache in the registry, of the node that wrote last: emptied, the other one runs its steps again", async () => {
    const upstream = readUpstreams(join(root, "test/integration/upstreams.yaml"), home.standInsFile).get("alpine:3.22");
    const alpine = `${both.registry}/alpine:3.22`;
    await both.copyImage(upstream?.ref as string, "alpine:3.22");
    const tool = await make({
      "upstreams.yaml": `${alpine}: ${upstream?.digest}\n`,
      "images/tool/image.yaml": manifestOfBoth,
      "images/tool/Dockerfile": [
        `FROM --platform=$BUILDPLATFORM ${alpine} AS build`,
        "ARG TARGETARCH",
        "RUN echo built for $TARGETARCH > /built",
        "FROM scratch",
        "COPY --from=build /built /built",
        "",
      ].join("\n"),
    });
    try {
      await tool.up();
      await both.empty();
      tool.append("images/tool/Dockerfile", "COPY more /\n");
      tool.write("images/tool/more", "more\n");
      await tool.up();
      for (const platform of Object.values(nodes)) {
        const built = await file(tool, "tool", platform, "built");
        assert.equal(built, `built for ${platform.slice("linux/".length)}`);
      }
      const caches = await Promise.all((Object.keys(nodes) as Node[]).map((node) => both.cacheOf(node)));
      const ran = caches.filter((cache) => cache.some((description) => / exec .*echo built for/.test(description)));
      assert.equal(ran.length, 1, JSON.stringify(caches, null, 2));
    } finally {
      tool.remove();
    }
  });

  it("cannot be asked for its platforms while a node is down, and builds what the other one can", async () => {
    await both.stopNode("far");
    assert.equal(await builderPlatforms(both.builder, both.env), undefined);
    const data = { "images/data/Dockerfile": "FROM scratch\nCOPY file /\n", "images/data/file": "file\n" };
    const one = await make(data);
    try {
      await one.up();
      one.write("images/data/image.yaml", manifestOfBoth);
      await assert.rejects(one.up(), /waiting for connection.*context deadline exceeded/s);
    } finally {
      one.remove();
    }
  });

  const builders: [string, string, RegExp][] = [
    ["does not exist", "nobody", /new builder: no builder "nobody" found/],
    ["does not run", "down", /waiting for connection.*context deadline exceeded/s],
  ];
  for (const [what, builder, message] of builders) {
    it(`cannot be asked for its platforms, nor build, where it ${what}`, async () => {
      if (builder === "down") await both.createBuilder("down", "unix:///nowhere/buildkitd.sock");
      assert.equal(await builderPlatforms(builder, both.env), undefined);
      const none = await make(copies, builder);
      try {
        await assert.rejects(none.up(), message);
      } finally {
        none.remove();
      }
    });
  }
});
