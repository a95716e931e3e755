import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { bakeFileOf, lookUp, prefetch } from "../../components/prefetch";
import { withTools } from "./fake-tool";

const what = {
  builder: "b",
  context: ".strata/contexts/app/1",
  dockerfilePath: ".strata/contexts/app/1/Dockerfile",
  stages: ["tools"],
  upstreams: {},
  platforms: ["linux/amd64"],
  arguments: {},
  rebuild: 0,
  cache: "localhost/app:cache",
  secrets: {},
  compression: "gzip",
  timeout: "1h",
} as const;

const outputs = (cached: boolean) => bakeFileOf({ ...what, cached }, []).target["stage-0"]?.output;

describe("a stage that is built ahead", () => {
  it("is compressed as the layer's cache is", () => {
    assert.deepEqual(outputs(true), ["type=image,store=false,oci-mediatypes=true,compression=gzip"]);
  });

  it("is not compressed where the layer pushes no cache", () => {
    assert.deepEqual(outputs(false), ["type=cacheonly"]);
  });
});

describe("stages that are built ahead", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  it("are given up where they take longer than a build may, or fail, or there is no buildx", async () => {
    for (const script of ["while :; do :; done", "exit 1", undefined]) {
      await withTools(script === undefined ? {} : { buildx: script }, async ({ PATH }) => {
        process.env.PATH = PATH;
        const began = Date.now();
        await prefetch({ ...what, cached: false, timeout: "1s" });
        assert.ok(Date.now() - began < 10_000);
      });
    }
  });
});

describe("upstreams that are looked up before builds begin", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
    delete process.env.CALLS;
  });

  const ref = `registry.test/alpine@sha256:${"1".repeat(64)}`;
  const upstreams = [{ name: "alpine:3.22", ref, platforms: ["linux/amd64"], context: "ctx" }];
  const lookedUp = (scripts: Readonly<Record<string, string>>, limit?: number) =>
    withTools(scripts, async ({ PATH, CALLS }) => {
      process.env.PATH = PATH;
      process.env.CALLS = CALLS;
      await lookUp("mine", upstreams, limit);
      return existsSync(CALLS) ? readFileSync(CALLS, "utf8") : "";
    });

  it("are asked for in a build of nothing else, by buildx or as Docker's plugin", async () => {
    const script =
      'echo "$@" >> "$CALLS"; while read -r line || test "$line"; do printf "%s" "$line" >> "$CALLS"; line=; done';
    const told = await lookedUp({ buildx: script });
    assert.match(told, /^bake --builder mine /);
    const file = JSON.parse(told.slice(told.indexOf("{")));
    assert.deepEqual(file.target["upstream-0"], {
      "dockerfile-inline": "FROM alpine:3.22 AS upstream\n",
      target: "upstream",
      output: ["type=cacheonly"],
      context: "ctx",
      contexts: { "alpine:3.22": `docker-image://${ref}` },
      platforms: ["linux/amd64"],
    });
    assert.match(await lookedUp({ docker: script }), /^buildx bake --builder mine /);
  });

  it("hold nothing up where that fails, takes too long, or there is no buildx", async () => {
    await lookedUp({ buildx: "exit 1" });
    await lookedUp({});
    const began = Date.now();
    await lookedUp({ buildx: "while :; do :; done" }, 200);
    assert.ok(Date.now() - began < 10_000);
  });
});
