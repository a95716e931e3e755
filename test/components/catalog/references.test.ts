import assert from "node:assert/strict";
import { readReferences } from "../../../components/catalog/references";

function names(...lines: string[]): string[] {
  return readReferences(lines.join("\n"), "Dockerfile").images.map((image) => image.name);
}

describe("the images that a Dockerfile names", () => {
  it("are those in FROM, COPY --from, ADD --from and RUN --mount, each once, sorted", () => {
    assert.deepEqual(
      names(
        "FROM --platform=$BUILDPLATFORM tooling AS build",
        "RUN --mount=type=bind,FROM=cache,target=/c --mount=type=cache,target=/x make",
        "FROM base",
        "COPY --link --from=assets /a /a",
        "COPY --from=build /b /b",
        "COPY --from=assets /c /c",
      ),
      ["assets", "base", "cache", "tooling"],
    );
  });

  it("leave out scratch, stages, numbered stages, and the case of a stage's name", () => {
    assert.deepEqual(
      names("FROM scratch AS Files", "FROM files AS more", "FROM base", "COPY --from=0 /a /", "COPY --from=FILES /a /"),
      ["base"],
    );
  });

  it("keep the line on which each stands first", () => {
    const { images } = readReferences("# comment\nFROM a\n\nFROM b\nCOPY --from=a / /\n", "Dockerfile");
    assert.deepEqual(images, [
      { name: "a", line: 2 },
      { name: "b", line: 4 },
    ]);
  });

  it("are not looked for in here-documents, and a comment that speaks of syntax is none", () => {
    assert.deepEqual(names("FROM base", "# syntax=of what follows", "RUN <<EOF", "FROM evil", "EOF"), ["base"]);
  });

  it("are not looked for in comments, and not in what a step runs", () => {
    assert.deepEqual(names("# FROM nothing", "FROM base", "RUN echo FROM other --from=third"), ["base"]);
  });

  const bases: [string, string[], string | undefined][] = [
    ["the image of the last FROM", ["FROM a", "FROM b"], "b"],
    ["the image beneath the stages of the last FROM", ["FROM a AS x", "FROM x AS y", "FROM y"], "a"],
    ["nothing for scratch", ["FROM a AS x", "FROM scratch", "COPY --from=x / /"], undefined],
  ];
  for (const [what, lines, base] of bases) {
    it(`have one that the image stands on: ${what}`, () => {
      assert.equal(readReferences(lines.join("\n"), "Dockerfile").base, base);
    });
  }

  const mistakes: [string, string[], RegExp][] = [
    [
      "a syntax line below a line with #!",
      ["#!/usr/bin/env docker", "# syntax=x", "FROM base"],
      /Dockerfile:2: .*syntax/,
    ],
    ["a syntax line with slashes", ["// syntax=x", "FROM base"], /Dockerfile:1: .*syntax/],
    ["a syntax line after another directive", ["# escape=`", "# syntax=x", "FROM base"], /Dockerfile:2: .*syntax/],
    ["a here-document with a space", ["FROM base", "RUN cat << EOF", "FROM evil", "EOF"], /Dockerfile:2: .*<<EOF/],
    ["quotes in --from", ["FROM base", 'COPY --from="cache" / /'], /Dockerfile:2: "cache" is in quotes/],
    ["quotes in --mount", ["FROM base", 'RUN --mount=type=bind,"from=cache",target=/c x'], /Dockerfile:2: .*--mount/],
    ["ONBUILD with another image", ["FROM base", "ONBUILD COPY --from=cache / /"], /Dockerfile:2: ONBUILD/],
    ["a digest in a name", ["FROM debian@sha256:1"], /Dockerfile:1: .*upstreams\.yaml/],
    ["a syntax line", ["# syntax=docker/dockerfile:1", "FROM base"], /images\/x\/Dockerfile:1: .*syntax/],
    ["a variable in FROM", ["ARG V=1", "FROM debian:$V"], /Dockerfile:2: "debian:\$V" has a variable/],
    ["a variable in --from", ["FROM base", "COPY --from=$X / /"], /Dockerfile:2: "\$X"/],
    ["a Dockerfile without FROM", ["# nothing"], /Dockerfile: has no FROM/],
    [
      "a stage named like an image in use",
      ["FROM base AS tools", "FROM a AS base", "COPY --from=tools / /"],
      /:2: the stage "base"/,
    ],
  ];
  for (const [what, lines, message] of mistakes) {
    it(`refuse ${what}, with file and line`, () => {
      assert.throws(() => readReferences(lines.join("\n"), "images/x/Dockerfile"), { name: "InputError", message });
    });
  }
});
