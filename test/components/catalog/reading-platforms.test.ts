import assert from "node:assert/strict";
import { readDockerfile } from "../../../components/catalog/dockerfile/reading";

function read(lines: readonly string[], given: Record<string, string> = {}, platforms = ["linux/amd64"]) {
  return readDockerfile(lines.join("\n"), "images/x/Dockerfile", {
    arguments: given,
    platforms,
    triggersOf: () => [],
  });
}

describe("the platforms of a Dockerfile", () => {
  const both = ["linux/amd64", "linux/arm64"];
  const own = "the builder's";
  const platforms: [string, string[], Record<string, string[]>][] = [
    ["an image without --platform", ["FROM a"], { a: both }],
    ["the builder's own", ["FROM --platform=$BUILDPLATFORM a"], { a: [own] }],
    ["the same in parts", ["FROM --platform=$BUILDOS/$BUILDARCH a"], { a: [own] }],
    ["the same by another name", [`ARG P=$\{BUILDPLATFORM:-linux/s390x}`, "FROM --platform=$P a"], { a: [own] }],
    ["the target's", ["FROM --platform=$TARGETPLATFORM a"], { a: both }],
    ["one that is written", ["FROM --platform=linux/x86_64 a"], { a: ["linux/amd64"] }],
    ["one of an ARG", ["ARG P=linux/s390x", `FROM --platform=$\{P} a`], { a: ["linux/s390x"] }],
    [
      "one that comes out the same on every builder",
      [`ARG P=$\{BUILDARCH:+s390x}`, "FROM --platform=linux/$P a"],
      { a: ["linux/s390x"] },
    ],
    [
      "one that the target decides",
      [`FROM --platform=linux/$\{TARGETARCH%64} a`],
      { a: ["linux/amd", "linux/arm/v7"] },
    ],
    ["none that is empty", ["FROM --platform= a"], { a: both }],
    [
      "the target's of what a stage on the builder takes files from",
      ["FROM --platform=$BUILDPLATFORM a", "COPY --from=b / /", "RUN --mount=from=c,target=/c x"],
      { a: [own], b: both, c: both },
    ],
    [
      "that of the stage beneath, whose --platform alone counts",
      ["FROM --platform=linux/s390x a AS s", "FROM --platform=linux/riscv64 s"],
      { a: ["linux/s390x"] },
    ],
    [
      "all that it is used for",
      ["FROM --platform=$BUILDPLATFORM a AS s", "FROM a", "COPY --from=s / /"],
      { a: [...both, own] },
    ],
    ["none of a stage that is not reached", ["FROM --platform=linux/s390x a", "FROM b"], { b: both }],
    [
      "of a name with a platform in it only that one",
      ["FROM a-$TARGETARCH"],
      { "a-amd64": ["linux/amd64"], "a-arm64": ["linux/arm64"] },
    ],
  ];
  for (const [what, lines, needed] of platforms) {
    it(`knows which platforms of an image it needs: ${what}`, () => {
      const uses = read(lines, {}, both).images.map(({ name, platforms, ofBuilder }) => [
        name,
        [...platforms, ...(ofBuilder ? [own] : [])],
      ]);
      assert.deepEqual(Object.fromEntries(uses), needed);
    });
  }

  it("takes a given BUILDPLATFORM for what it is", () => {
    const [image] = read(["FROM --platform=$BUILDPLATFORM a"], { BUILDPLATFORM: "linux/s390x" }).images;
    assert.deepEqual([image?.platforms, image?.ofBuilder], [["linux/s390x"], false]);
  });

  const commands: [string, string[], string[]][] = [
    ["all, where it runs one", ["FROM a", "RUN x"], both],
    ["none, where it only copies", ["FROM a", "COPY x /", "WORKDIR /y", "ADD z /"], []],
    [
      "none on the builder's own",
      ["FROM --platform=$BUILDPLATFORM a AS s", "RUN x", "FROM b", "COPY --from=s / /"],
      [],
    ],
    ["none in a stage upon one on the builder's own", ["FROM --platform=$BUILDPLATFORM a AS s", "FROM s", "RUN x"], []],
    ["none in a stage that is not reached", ["FROM a", "RUN x", "FROM b"], []],
    ["one that is written", ["FROM --platform=linux/s390x a", "RUN x"], ["linux/s390x"]],
    ["the target's on scratch, whatever is written", ["FROM --platform=linux/s390x scratch", "RUN x"], both],
  ];
  for (const [what, lines, expected] of commands) {
    it(`knows the platforms that it runs commands on: ${what}`, () =>
      assert.deepEqual(read(lines, {}, both).commandPlatforms, expected));
  }
});
