import assert from "node:assert/strict";
import { stepsIn } from "../../bench/services";
import { trafficIn } from "../../bench/traffic";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const line = (request: string, status: number, bytes: number) =>
  `127.0.0.1 - - [21/Nov/2026:20:21:03 +0000] "${request} HTTP/2.0" ${status} ${bytes} "" "buildkit/v0.31"`;
const sizes: Readonly<Record<string, number>> = { [digest("a")]: 1000, [digest("b")]: 20 };
const traffic = (...log: string[]) => trafficIn(log.join("\n"), (digest) => sizes[digest] ?? 0);

describe("the registry's traffic", () => {
  it("counts answers to GET as pulled", () => {
    const { pulledBytes } = traffic(
      line(`GET /v2/acme/app/blobs/${digest("a")}`, 200, 1000),
      line("GET /v2/acme/app/manifests/latest", 200, 300),
      line(`GET /v2/acme/app/blobs/${digest("c")}`, 206, 7),
    );
    assert.equal(pulledBytes, 1307);
  });

  it("counts neither questions nor refusals", () => {
    const { pulledBytes, pushedBytes } = traffic(
      line(`HEAD /v2/acme/app/blobs/${digest("a")}`, 200, 1000),
      line("GET /v2/acme/app/manifests/none", 404, 100),
      line(`PUT /v2/acme/app/blobs/uploads/1?digest=${digest("a")}`, 401, 90),
    );
    assert.deepEqual([pulledBytes, pushedBytes], [0, 0]);
  });

  it("counts each uploaded blob by its size, however its digest is written", () => {
    const { pushedBytes } = traffic(
      line(`PUT /v2/acme/app/blobs/uploads/1?_state=x&digest=sha256%3A${"a".repeat(64)}`, 201, 0),
      line(`PUT /v2/acme/base/blobs/uploads/2?digest=${digest("b")}`, 201, 0),
    );
    assert.equal(pushedBytes, 1020);
  });

  it("does not count a blob that is mounted from another repository", () => {
    const mount = line(`POST /v2/acme/app/blobs/uploads/?mount=${digest("a")}&from=acme%2Fbase`, 201, 0);
    assert.equal(traffic(mount).pushedBytes, 0);
  });

  it("names images once, by their tags, and neither caches nor what is pushed by digest", () => {
    const { images } = traffic(
      line("PUT /v2/acme/app/manifests/latest", 201, 0),
      line("PUT /v2/acme/app/manifests/latest", 201, 0),
      line("PUT /v2/acme/app/manifests/cache", 201, 0),
      line(`PUT /v2/acme/app/manifests/${digest("a")}`, 201, 0),
      line("PUT /v2/acme/base/manifests/b-1", 201, 0),
    );
    assert.deepEqual(images, ["acme/app:latest", "acme/base:b-1"]);
  });
});

describe("BuildKit's log of steps", () => {
  const vertex = (digest: string, name: string, more: object) =>
    JSON.stringify({ vertexes: [{ digest, name, ...more }] });

  it("counts RUN steps that ended, each once, and none that was cached or failed", () => {
    const completed = { completed: "2026-11-21T20:21:03Z" };
    const log = [
      vertex("1", "[base 2/3] RUN apt-get update", {}),
      vertex("1", "[base 2/3] RUN apt-get update", completed),
      vertex("1", "[base 2/3] RUN apt-get update", completed),
      vertex("2", "[base 3/3] RUN true", { ...completed, cached: true }),
      vertex("3", "[app 2/2] COPY etc /etc", completed),
      vertex("4", "[app 3/3] RUN false", { ...completed, error: "exit code: 1" }),
      "not JSON",
    ];
    assert.deepEqual([...stepsIn(log.join("\n"))], ["1"]);
  });
});
