import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { bakeFileOf, lookUp } from "../../components/prefetch";
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

describe("upstreams that are looked up before builds begin", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
    delete process.env.CALLS;
  });

  const upstreams = { "alpine:3.22": { ref: `registry.test/alpine@sha256:${"1".repeat(64)}` } };
  const what = { builder: "mine", context: "ctx", platforms: ["linux/amd64"], upstreams };
  const lookedUp = (scripts: Readonly<Record<string, string>>, limit?: number) =>
    withTools(scripts, async ({ PATH, CALLS }) => {
      process.env.PATH = PATH;
      process.env.CALLS = CALLS;
      await lookUp(what, limit);
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
      contexts: { "alpine:3.22": `docker-image://${upstreams["alpine:3.22"].ref}` },
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
