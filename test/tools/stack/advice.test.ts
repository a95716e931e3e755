import assert from "node:assert/strict";
import { adviceOn } from "../../../tools/stack/advice";

describe("advice on a failed update", () => {
  const push = "error: failed to solve: failed to push localhost:5443/strata/base:b-1: ";
  const cases: [string, RegExp][] = [
    [
      "failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
      /^The builder ended/,
    ],
    [`${push}unknown: invalid content range`, /disk.* is likely full/],
    [`${push}unexpected status from POST request to https://localhost:5443/v2/: 401 Unauthorized`, /docker login/],
    [`${push}unexpected status from POST request: 429 Too Many Requests: made by the test`, /strata:parallel/],
    // As Docker Hub, Harbor, Amazon's public and its private registry, and GitHub's say it, in what BuildKit makes of it.
    ["unexpected status from HEAD request to https://registry-1.docker.io/v2/x: 429 Too Many Requests", /log in/],
    [
      `${push}denied: adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed the configured upper limit of 100.0 MiB.`,
      /quota is used up/,
    ],
    [
      `${push}denied: The repository with name 'app' in registry with id '1' already has the maximum allowed number of images which is '10000'`,
      /quota is used up/,
    ],
    [
      `${push}unexpected status from PUT request to https://1.dkr.ecr.eu-west-2.amazonaws.com/v2/app/manifests/b-1: 403 Forbidden`,
      /as many images as it may/,
    ],
    [`${push}denied: registry contains 1 repositories, limit is 1`, /quota is used up/],
    [
      `${push}unexpected status from HEAD request to https://ghcr.io/v2/app/blobs/sha256:1: 403 Forbidden`,
      /docker login/,
    ],
    [`${push}denied: requested access to the resource is denied`, /docker login/],
    [`${push}denied: permission_denied: write_package`, /docker login/],
    [
      `${push}unexpected status from PUT request to https://r/v2/app/blobs/uploads/1: 413 Request Entity Too Large`,
      /split the step/,
    ],
    [
      `failed to resolve source metadata for r/base@sha256:${"a".repeat(64)}: r/base@sha256:${"a".repeat(64)}: not found`,
      /pulumi up --refresh/,
    ],
    ["dial tcp 127.0.0.1:5443: connect: connection refused", /start the registry or the builder/],
    ["waiting for connection: context deadline exceeded", /did not answer in time/],
  ];
  for (const [said, advice] of cases) {
    it(`on "${said.slice(-60)}" says what is behind it`, () => {
      const [first, ...more] = adviceOn(said);
      assert.match(first ?? "", advice);
      assert.deepEqual(more, []);
    });
  }

  it("is silent where a step failed, which says itself why", () => {
    assert.deepEqual(adviceOn('process "/bin/sh -c make" did not complete successfully: exit code: 2'), []);
  });
});
