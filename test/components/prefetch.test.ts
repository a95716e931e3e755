import assert from "node:assert/strict";
import { bakeFileOf } from "../../components/prefetch";

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
