import assert from "node:assert/strict";
import { imagePlatforms, imageSize } from "../../components/registry";
import { emptyBuildkit } from "../../tools/services/services";
import { home, Project } from "./project";

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
