import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { type Ask, Builds } from "../../components/builds";
import { readCatalog } from "../../components/catalog/catalog";
import { readTests } from "../../components/catalog/image-tests";
import type { Upstream } from "../../components/catalog/upstreams";
import { Family, type FamilyArgs } from "../../components/family";
import { buildsIn } from "../../components/previous-builds";
import { withFolder } from "./catalog/folder";

interface Registration {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: as Pulumi's mocks give them
  readonly inputs: Record<string, any>;
}

const digestOf = (name: string) => `sha256:${name.padEnd(64, "0")}`;

interface Given extends Partial<Pick<FamilyArgs, "repository" | "compression" | "labels" | "reuse" | "builds">> {
  readonly standIn?: boolean;
}

/** Registers a family with Pulumi's mocks. A resource of a kind that is not expected fails. */
async function register(
  files: Record<string, string>,
  { standIn = false, ...given }: Given = {},
): Promise<Registration[]> {
  const registrations: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      call: ({ token }) => {
        assert.equal(token, "pulumi:pulumi:readStackResourceOutputs", "an unexpected call");
        return { outputs: {} };
      },
      newResource: ({ type, name, inputs, provider }) => {
        registrations.push({ type, name, inputs });
        const known = [
          "strata:image:Family",
          "strata:image:Layer",
          "strata:image:ImageTest",
          "strata:image:Upstream",
          "pulumi:providers:docker-build",
        ];
        if (known.includes(type)) return { id: name, state: inputs };
        assert.equal(type, "docker-build:index:Image", "an unexpected resource");
        assert.match(provider ?? "", /::docker-build::/, "the provider with the fixed host");
        return { id: name, state: { ...inputs, digest: digestOf(name) } };
      },
    },
    "strata",
    "test",
    false,
    "acme",
  );
  const upstream: Upstream = {
    name: "debian:12",
    ref: "docker.io/library/debian@sha256:d",
    digest: "sha256:d",
    standIn,
  };
  await withFolder(files, async (folder) => {
    const catalog = readCatalog({
      images: join(folder, "images"),
      upstreams: new Map([[upstream.name, upstream]]),
      pinsFile: "upstreams.yaml",
      platforms: ["linux/amd64"],
    });
    const provider = new dockerbuild.Provider("docker-build", { host: "unix:///fixed" });
    const family = new Family(
      "family",
      {
        catalog,
        tests: readTests(catalog, "quick"),
        registry: "registry.test",
        organisation: "acme",
        repository: "{registry}/{organisation}/{name}",
        builder: "mine",
        compression: "zstd",
        timeout: "1h",
        staging: join(folder, "staging"),
        labels: { "org.opencontainers.image.licenses": "MIT" },
        secrets: { token: pulumi.secret("s3cret"), other: pulumi.secret("no business of base") },
        builds: newBuilds(),
        ...given,
      },
      { providers: { "docker-build": provider } },
    );
    assert.ok(existsSync(join(folder, "staging/base")));
    await new Promise((resolve) => family.layers.apply(resolve));
  });
  return registrations;
}

const newBuilds = (asked: Ask = ask) => new Builds({ builder: "mine", parallel: 2, paths: [], files: [], ask: asked });

const ask: Ask = {
  builderPlatforms: async () => ["linux/amd64"],
  imagePlatforms: async () => ["linux/amd64"],
  imageLayers: async () => [[{ digest: "sha256:f", size: 12345 }]],
  addedLayers: async () => [],
  mountBlobs: async () => {},
  newestFile: async () => null,
};

const files = {
  "images/base/Dockerfile": "FROM debian:12\nRUN make\n",
  "images/app/Dockerfile": "FROM base\nCOPY a /\n",
  "images/app/a": "a\n",
};

describe("a family's resources", () => {
  let registrations: Registration[];
  const of = (type: string, name: string) =>
    registrations.find((entry) => entry.type === type && entry.name === name)?.inputs;

  /** What another stack has of base, which is what was registered last. */
  const reusedFrom = (repository: string) => {
    const [, buildId = ""] = of("docker-build:index:Image", "base")?.tags[0].split(":b-") ?? [];
    const there = { digest: digestOf("base"), buildId, platforms: [], standIn: [], tests: 0, versions: {} };
    return { ...there, ref: `${repository}@${there.digest}` };
  };

  before(async () => {
    registrations = await register(files);
  });

  it("are the family, its provider, its upstream, and a Layer with its Image for each folder, and nothing else", () => {
    assert.deepEqual(registrations.map(({ type, name }) => `${type} ${name}`).sort(), [
      "docker-build:index:Image app",
      "docker-build:index:Image base",
      "pulumi:providers:docker-build docker-build",
      "strata:image:Family family",
      "strata:image:Layer app",
      "strata:image:Layer base",
      "strata:image:Upstream debian:12",
    ]);
  });

  it("have as a layer's inputs what the image is made of, and neither registry nor path", () => {
    assert.deepEqual(of("strata:image:Layer", "app"), {
      files: "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7 644 a\n",
      dockerfile: "FROM base\nCOPY a /\n",
      parents: { base: digestOf("base") },
      platforms: ["linux/amd64"],
      compression: "zstd",
      labels: {
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.title": "app",
        "org.opencontainers.image.description": "",
        "org.opencontainers.image.base.name": "base",
      },
    });
  });

  it("tell layers beneath from upstreams, so that a plan says which of them moved", () => {
    assert.deepEqual(of("strata:image:Upstream", "debian:12"), { digest: "sha256:d" });
    assert.deepEqual(of("strata:image:Layer", "base")?.upstreams, { "debian:12": "sha256:d" });
    assert.equal(of("strata:image:Layer", "base")?.parents, undefined);
    assert.equal(of("strata:image:Layer", "app")?.upstreams, undefined);
  });

  it("hand each parent to the build by digest, under the name that the Dockerfile uses", () => {
    assert.deepEqual(of("docker-build:index:Image", "base")?.context.named, {
      "debian:12": { location: "docker-image://docker.io/library/debian@sha256:d" },
    });
    assert.deepEqual(of("docker-build:index:Image", "app")?.context.named, {
      base: { location: `docker-image://registry.test/acme/base@${digestOf("base")}` },
    });
  });

  it("push reproducible images under a tag of their contents, and never build in a preview", () => {
    const image = of("docker-build:index:Image", "app");
    assert.match(image?.tags[0], /^registry\.test\/acme\/app:b-[0-9a-f]{64}$/);
    assert.deepEqual(image?.exports, [
      { raw: "type=registry,rewrite-timestamp=true,oci-mediatypes=true,compression=zstd" },
    ]);
    assert.equal(image?.buildArgs.SOURCE_DATE_EPOCH, "1577836800");
    assert.equal(image?.buildOnPreview, false);
    assert.equal(image?.push, false);
  });

  it("leave times alone where image.yaml says that they are constant, which is another image", async () => {
    const constant = await register({ ...files, "images/base/image.yaml": "timestamps: constant\n" });
    const image = (found: typeof constant) => found.find(({ type }) => type === "docker-build:index:Image")?.inputs;
    assert.deepEqual(image(constant)?.exports, [{ raw: "type=registry,oci-mediatypes=true,compression=zstd" }]);
    assert.notDeepEqual(image(constant)?.tags, image(await register(files))?.tags);
  });

  it("keep a cache of what runs, and none of what only copies", () => {
    const ref = "registry.test/acme/base:cache";
    assert.deepEqual(of("docker-build:index:Image", "base")?.cacheFrom, [{ registry: { ref } }]);
    assert.equal(of("docker-build:index:Image", "base")?.cacheTo[0].registry.mode, "max");
    assert.equal(of("docker-build:index:Image", "app")?.cacheFrom, undefined);
    assert.equal(of("docker-build:index:Image", "app")?.cacheTo, undefined);
  });

  it("have labels that tell of the base, and none of a time or a commit", () => {
    assert.deepEqual(of("docker-build:index:Image", "app")?.labels, {
      "org.opencontainers.image.licenses": "MIT",
      "org.opencontainers.image.description": "",
      "org.opencontainers.image.title": "app",
      "org.opencontainers.image.base.name": "base",
      "org.opencontainers.image.base.digest": digestOf("base"),
    });
  });

  it("mark every image above a stand-in, however far", async () => {
    registrations = await register(files, { standIn: true });
    for (const name of ["base", "app"]) {
      assert.equal(of("docker-build:index:Image", name)?.labels["strata.stand-in"], "debian:12");
    }
  });

  it("have another identity for any label, and where a step is given another secret", async () => {
    const tagOf = async (dockerfile: string, labels: Record<string, string>) => {
      const found = await register({ "images/base/Dockerfile": dockerfile }, { labels });
      return found.find(({ type }) => type === "docker-build:index:Image")?.inputs.tags[0] as string;
    };
    const [plain, token] = ["RUN make", "RUN --mount=type=secret,id=token make"].map(
      (run) => `FROM debian:12\n${run}\n`,
    );
    const tags = [
      await tagOf(plain as string, {}),
      await tagOf(plain as string, { compression: "gzip" }),
      await tagOf(token as string, {}),
      await tagOf((token as string).replace("token", "unset"), {}),
    ];
    assert.equal(new Set(tags).size, tags.length);
    assert.equal(await tagOf(plain as string, {}), tags[0]);
    await register({ "images/base/Dockerfile": token as string }).then((found) => {
      assert.deepEqual(found.find(({ type }) => type === "strata:image:Layer")?.inputs.secrets, ["token"]);
    });
  });

  it("are compressed as the stack's settings say, cache and all, which is another image", async () => {
    registrations = await register(files);
    const before = of("docker-build:index:Image", "base");
    registrations = await register(files, { compression: "gzip" });
    assert.equal(of("strata:image:Layer", "base")?.compression, "gzip");
    const image = of("docker-build:index:Image", "base");
    assert.match(image?.exports[0].raw, /,compression=gzip$/);
    assert.equal(before?.cacheTo[0].registry.compression, "zstd");
    assert.equal(image?.cacheTo[0].registry.compression, undefined, "which is what BuildKit takes by itself");
    assert.notEqual(image?.tags[0], before?.tags[0]);
  });

  it("are expected to stay on layers of another stack that stay", async () => {
    const family = { ...files, "images/cli/Dockerfile": "FROM app\nCOPY a /\n", "images/cli/a": "a\n" };
    registrations = await register(family);
    const builds = newBuilds();
    const reuse = { base: reusedFrom("registry.test/acme/base") };
    registrations = await register(family, { reuse, builds });
    assert.equal(of("strata:image:Layer", "base"), undefined, "used, not built");

    // What the state has of the update before, in which cli was another one.
    const state = registrations.map(({ type, name, inputs }) => {
      const tags = name === "cli" ? [inputs.tags?.[0].replace(/[0-9a-f]{64}$/, "0".repeat(64))] : inputs.tags;
      return [`urn::${name}`, { type, outputs: { ...inputs, tags, digest: digestOf(name) } }] as const;
    });
    const images = state.filter(([, { type }]) => type === "docker-build:index:Image");
    const before = buildsIn(Object.fromEntries(images));
    assert.deepEqual([...before.keys()].sort(), ["app", "cli"]);
    const told = builds.update.summary({ builds: before, lastUpdate: undefined });
    assert.deepEqual(told?.predicted.built, ["cli"]);
  });

  it("may all be pushed to one repository, under tags that begin with their names", async () => {
    const registrations = await register(files, { repository: "{registry}/all" });
    const images = registrations.filter(({ type }) => type === "docker-build:index:Image");
    assert.ok(images.length > 1);
    for (const { name, inputs } of images) {
      assert.match(inputs.tags[0], new RegExp(`^registry\\.test/all:${name}-b-[0-9a-f]{64}$`));
    }
  });

  it("have the registry mount what a base brings, from another repository of the same registry", async () => {
    const mounted: string[] = [];
    const builds = () =>
      newBuilds({
        ...ask,
        imageLayers: async () => [[{ digest: "sha256:f", size: 5e6 }]],
        mountBlobs: async (digests, from, to) => void mounted.push(`${digests} from ${from} to ${to}`),
      });
    registrations = await register(files, { builds: builds() });
    assert.deepEqual(mounted.splice(0), ["sha256:f from registry.test/acme/base to registry.test/acme/app"]);
    await register(files, { builds: builds(), repository: "{registry}/all" });
    const reuse = { base: reusedFrom("other.test/acme/base") };
    await register(files, { builds: builds(), reuse });
    assert.deepEqual(mounted, []);
  });

  it("have it mount what stages build upon where their cache is kept, and not what is only copied from", async () => {
    const mountedFor = async (...dockerfile: string[]) => {
      const mounted: string[] = [];
      const builds = newBuilds({
        ...ask,
        imageLayers: async () => [[{ digest: "sha256:f", size: 5e6 }]],
        mountBlobs: async (_, from, to) => void mounted.push(`${from} to ${to}`),
      });
      await register({ ...files, "images/app/Dockerfile": dockerfile.join("\n") }, { builds });
      return mounted;
    };
    const made = ["FROM scratch", "COPY --from=made /a /"];
    assert.deepEqual(await mountedFor("FROM base AS made", "RUN build", ...made), [
      "registry.test/acme/base to registry.test/acme/app",
    ]);
    assert.deepEqual(await mountedFor("FROM base AS made", "COPY a /", ...made), []);
    assert.deepEqual(await mountedFor("FROM debian:12", "RUN build", "COPY --from=base /a /"), []);
  });

  it("are sent by the builder where a registry does not mount, which is asked once", async () => {
    let asked = 0;
    const builds = newBuilds({
      ...ask,
      imageLayers: async () => [[{ digest: "sha256:f", size: 5e6 }]],
      mountBlobs: async () => {
        asked++;
        throw new Error("no mounts here");
      },
    });
    const cli = { "images/cli/Dockerfile": "FROM app\nCOPY a /\n", "images/cli/a": "a\n" };
    registrations = await register({ ...files, ...cli }, { builds });
    assert.ok(of("docker-build:index:Image", "cli"));
    assert.equal(asked, 1);
  });

  describe("of layers with tests", () => {
    before(async () => {
      const tests = { "images/base/tests/a.yaml": "commands: [{ run: 'true' }]\n" };
      registrations = await register({ ...files, ...tests });
    });

    it("are also a test of each image that must pass them, which nothing is pushed by", () => {
      const tests = registrations.filter(({ type, name }) => type === "strata:image:ImageTest" || name.includes("/"));
      assert.deepEqual(tests.map(({ type, name }) => `${type} ${name}`).sort(), [
        "docker-build:index:Image app/tests",
        "docker-build:index:Image base/tests",
        "strata:image:ImageTest app",
        "strata:image:ImageTest base",
      ]);
      const image = of("docker-build:index:Image", "app/tests");
      assert.deepEqual(image?.exports, [{ cacheonly: {} }]);
      assert.deepEqual([image?.push, image?.buildOnPreview, image?.tags], [false, false, undefined]);
    });

    it("have as a test's inputs the digest and the tests, and run them from that digest alone", () => {
      const [hash] = of("strata:image:ImageTest", "app")?.tests.split(" ") ?? [];
      assert.deepEqual(of("strata:image:ImageTest", "app"), {
        digest: digestOf("app"),
        tests: `${hash} 644 base/a.yaml\n`,
        platforms: ["linux/amd64"],
      });
      const cache = `registry.test/acme/app:t-${digestOf("app").slice(7)}`;
      const image = of("docker-build:index:Image", "app/tests");
      assert.deepEqual(image?.context.named, { image: { location: `docker-image://${cache}@${digestOf("app")}` } });
      assert.deepEqual(image?.cacheFrom, [{ registry: { ref: cache } }]);
      assert.deepEqual([image?.cacheTo[0].registry.ref, image?.cacheTo[0].registry.ignoreError], [cache, true]);
    });

    it("leave the layers as they would be without", () => {
      assert.equal(of("strata:image:Layer", "base")?.files, "");
    });
  });
});
