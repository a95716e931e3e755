import assert from "node:assert/strict";
import { type Outside, preflight } from "../../components/preflight";

const layer: Parameters<typeof preflight>[0] = {
  name: "app",
  dockerfilePath: "images/app/Dockerfile",
  platforms: ["linux/amd64", "linux/arm64"],
  commandPlatforms: ["linux/amd64", "linux/arm64"],
  testPlatforms: [],
  needs: { "debian:12": { platforms: ["linux/amd64", "linux/arm64"], ofBuilder: false } },
  upstreams: [{ name: "debian:12", ref: "docker.io/library/debian@sha256:1", digest: "sha256:1", standIn: false }],
};

function problems(change: Partial<typeof layer>, outside: Partial<Outside>): string[] {
  const known = { builder: "mine", builderPlatforms: undefined, imagePlatforms: new Map(), ...outside };
  return preflight({ ...layer, ...change }, known).map(({ message }) => message);
}

const amd64 = ["linux/386", "linux/amd64", "linux/amd64/v2"];
const ofDebian = (platforms: readonly string[] | undefined) => new Map([["debian:12", platforms]]);

describe("what can be told of platforms before a build", () => {
  it("is nothing where nothing could be asked", () => {
    assert.deepEqual(problems({}, {}), []);
    assert.deepEqual(problems({}, { imagePlatforms: ofDebian(undefined) }), []);
  });

  it("is nothing where all is there, older variants among it", () => {
    const all = ["linux/amd64", "linux/arm64"];
    assert.deepEqual(problems({}, { builderPlatforms: all, imagePlatforms: ofDebian(all) }), []);
    const variants = { platforms: ["linux/arm/v7"], commandPlatforms: ["linux/arm/v6"] };
    const needs = { "debian:12": { platforms: ["linux/arm/v7"], ofBuilder: false } };
    const older = { builderPlatforms: ["linux/arm/v7"], imagePlatforms: ofDebian(["linux/arm/v6"]) };
    assert.deepEqual(problems({ ...variants, needs }, older), []);
  });

  it("names the platform that the builder cannot run", () => {
    assert.deepEqual(problems({}, { builderPlatforms: amd64 }), [
      "images/app/Dockerfile: the builder mine cannot run linux/arm64, which app needs for its RUN steps (it runs linux/386, linux/amd64, linux/amd64/v2); add a node or an emulator for it (docs/guide/builders.md), or take it out of the platforms of app (images/app/image.yaml, or strata:platforms)",
    ]);
  });

  it("is nothing for a layer that only copies, whatever the builder runs", () => {
    assert.deepEqual(problems({ commandPlatforms: [] }, { builderPlatforms: amd64 }), []);
  });

  it("names the platform that only its tests would run on", () => {
    const copies = { commandPlatforms: [], testPlatforms: ["linux/amd64", "linux/arm64"] };
    assert.deepEqual(problems(copies, { builderPlatforms: amd64 }), [
      "images/app/Dockerfile: the builder mine cannot run linux/arm64, which the tests of app run on (it runs linux/386, linux/amd64, linux/amd64/v2); add a node or an emulator for it (docs/guide/builders.md), or set testPlatforms in images/app/image.yaml",
    ]);
    assert.equal(problems({ testPlatforms: ["linux/arm64"] }, { builderPlatforms: amd64 }).length, 1, "told once");
  });

  it("names the --platform where that asks for what the builder cannot run", () => {
    const [message = ""] = problems({ commandPlatforms: ["linux/s390x"] }, { builderPlatforms: amd64 });
    assert.match(message, /cannot run linux\/s390x, .*, or change the --platform in images\/app\/Dockerfile$/);
  });

  it("names the platform that an upstream lacks", () => {
    assert.deepEqual(problems({}, { imagePlatforms: ofDebian(["linux/amd64"]) }), [
      "images/app/Dockerfile: debian:12 has no linux/arm64, which app is built on (it has linux/amd64); pin an index that has it, or take it out of the platforms of app (images/app/image.yaml, or strata:platforms)",
    ]);
  });

  it("does not take an older architecture for its successor, as BuildKit would", () => {
    const needs = { "debian:12": { platforms: ["linux/amd64"], ofBuilder: false } };
    const [message = ""] = problems({ needs }, { imagePlatforms: ofDebian(["linux/386"]) });
    assert.match(message, /debian:12 has no linux\/amd64/);
  });

  it("says where it is a stand-in that lacks it", () => {
    const upstreams = layer.upstreams.map((upstream) => ({ ...upstream, standIn: true }));
    const [message = ""] = problems({ upstreams }, { imagePlatforms: ofDebian(["linux/amd64"]) });
    assert.match(message, /: the stand-in for debian:12, made on this machine, has no linux\/arm64/);
  });

  it("asks of what is used with $BUILDPLATFORM for a platform of the builder, and no other", () => {
    const needs = { "debian:12": { platforms: [], ofBuilder: true } };
    const outside = (platforms: string[]) => ({ builderPlatforms: amd64, imagePlatforms: ofDebian(platforms) });
    assert.deepEqual(problems({ needs, commandPlatforms: [] }, outside(["linux/amd64"])), []);
    const [message = ""] = problems({ needs, commandPlatforms: [] }, outside(["linux/arm64"]));
    assert.match(
      message,
      /debian:12 has no platform of the builder mine \(it has linux\/arm64, the builder linux\/386/,
    );
    assert.deepEqual(
      problems({ needs }, { imagePlatforms: ofDebian(["linux/arm64"]) }),
      [],
      "the builder is not known",
    );
  });

  it("tells of all that is wrong", () => {
    const found = problems({}, { builderPlatforms: amd64, imagePlatforms: ofDebian(["linux/arm64"]) });
    assert.equal(found.length, 2);
  });
});
