import assert from "node:assert/strict";
import { readDockerfile } from "../../../components/catalog/dockerfile/reading";

function read(lines: readonly string[], given: Record<string, string> = {}, platforms = ["linux/amd64"]) {
  return readDockerfile(lines.join("\n"), "images/x/Dockerfile", {
    arguments: given,
    platforms,
    triggersOf: () => [],
  });
}

const images = (lines: readonly string[], given?: Record<string, string>, platforms?: string[]) =>
  read(lines, given, platforms).images.map((image) => image.name);

describe("a Dockerfile", () => {
  it("keeps the line on which each image stands first", () => {
    assert.deepEqual(
      read(["# comment", "FROM a AS x", "", "FROM b", "COPY --from=a / /", "COPY --from=x / /"]).images,
      [
        { name: "a", written: "a", line: 2, platforms: ["linux/amd64"], ofBuilder: false },
        { name: "b", written: "b", line: 4, platforms: ["linux/amd64"], ofBuilder: false },
      ],
    );
  });

  it("has the images of every platform that it is built for", () => {
    const lines = ["ARG TARGETARCH", "FROM base-$TARGETARCH"];
    assert.deepEqual(images(lines, {}, ["linux/amd64", "linux/arm64"]), ["base-amd64", "base-arm64"]);
  });

  it("takes arguments that are given before defaults", () => {
    assert.deepEqual(images(["ARG V=1", "FROM a:$V"]), ["a:1"]);
    assert.deepEqual(images(["ARG V=1", "FROM a:$V"], { V: "2" }), ["a:2"]);
  });

  it("counts in its normal form, of which each line knows its place", () => {
    const { text, lines } = read([
      "# escape=`",
      "# a comment",
      "  from a  ",
      "",
      "RUN one `",
      "   # inside",
      "   two",
      "RUN <<EOF",
      "# no comment",
      "",
      "EOF",
    ]);
    assert.equal(text, "# escape=`\nfrom a\nRUN one `\n   two\nRUN <<EOF\n# no comment\n\nEOF\n");
    assert.deepEqual(lines, [1, 3, 5, 7, 8, 9, 10, 11]);
  });

  it("has no directive in its normal form but escape, and none where BuildKit sees none", () => {
    const text = (...lines: string[]) => read([...lines, "FROM a"]).text;
    assert.equal(text(" # syntax=x"), "FROM a\n");
    assert.equal(text("# check=error=true", " # syntax=x"), "FROM a\n");
    assert.equal(text("# some=thing", "# syntax=x"), "FROM a\n");
    assert.equal(text("# syntax="), "FROM a\n");
    assert.equal(text("  #  escape = `"), "# escape=`\nFROM a\n");
  });

  const bases: [string, string[], string | undefined][] = [
    ["the image of the last FROM", ["FROM a", "FROM b"], "b"],
    ["the image beneath the stages of the last FROM", ["FROM a AS x", "FROM x AS y", "FROM y"], "a"],
    ["nothing for scratch", ["FROM a AS x", "FROM scratch", "COPY --from=x / /"], undefined],
  ];
  for (const [what, lines, base] of bases) {
    it(`has one image that the result stands on: ${what}`, () => assert.equal(read(lines).base, base));
  }

  const insides: [string, string[], string[]][] = [
    ["linked copies and metadata", ["FROM a", "COPY --link x /", "USER 1", "ENV A=1", "ARG B"], []],
    ["linked copies in a chain of stages", ["FROM a AS s", "COPY --link x /", "FROM s", "ADD --link y /"], []],
    ["a command", ["FROM a", "RUN x"], ["a"]],
    ["a copy that is not linked", ["FROM a", "COPY x /"], ["a"]],
    ["--link=false", ["FROM a", "COPY --link=false x /"], ["a"]],
    ["a linked copy with --chmod, which BuildKit does not link", ["FROM a", "COPY --link --chmod=755 x /"], ["a"]],
    ["WORKDIR, which makes a folder", ["FROM a", "WORKDIR /x"], ["a"]],
    ["a copy from another image", ["FROM a", "COPY --link --from=b / /"], ["b"]],
    ["a copy from a stage on another image", ["FROM b AS s", "RUN x", "FROM a", "COPY --link --from=s / /"], ["b"]],
    ["a copy from a stage on the same image", ["FROM a AS s", "RUN x", "FROM a", "COPY --link --from=s / /"], ["a"]],
    ["a mount", ["FROM scratch", "RUN --mount=from=b,target=/b x"], ["b"]],
    ["a linked copy to a place that the image beneath decides", ["FROM a", "COPY --link x y/"], ["a"]],
    ["one to a place with a variable", ["FROM a", "COPY --link x /$D/"], ["a"]],
  ];
  for (const [what, lines, inside] of insides) {
    it(`knows what it runs inside: ${what}`, () => assert.deepEqual([...read(lines).runsInside].sort(), inside));
  }

  const sources: [string, string[], string[]][] = [
    ["a variable that may come from the image beneath", ["FROM a", "COPY $X /"], [""]],
    ["a variable on scratch, where there are none", ["FROM scratch", "COPY a$X /"], ["a"]],
    ["a variable that depends on the builder", ["FROM scratch", "ARG BUILDARCH", "COPY $BUILDARCH /"], [""]],
    ["an ARG with a default", ["FROM a", "ARG X=y", "COPY $X/z /"], ["y/z"]],
    ["an ENV of the stage beneath", ["FROM a AS s", "ENV X=y", "FROM s", "COPY $X /"], ["y"]],
    [
      "a tmpfs, a cache and a secret",
      ["FROM a", "RUN --mount=type=tmpfs,target=/t --mount=type=cache,target=/c x"],
      [],
    ],
    ["a mount with two sources, of which the last counts", ["FROM a", "RUN --mount=source=x,src=y,target=/t x"], ["y"]],
    ["an ARG of the stage beneath, which its image may set", ["FROM a AS s", "ARG X=y", "FROM s", "COPY $X /"], [""]],
    ["the same on scratch", ["FROM scratch AS s", "ARG X=y", "FROM s", "COPY $X /"], ["y"]],
    ["an ENV of the stage beneath before its ARG", ["FROM a AS s", "ENV X=e", "ARG X=y", "FROM s", "COPY $X /"], ["e"]],
    [
      "names of variables in quotes, which only ENV takes off",
      ["FROM a", 'ENV X=a "X"=b', 'ARG "X"=c', "COPY $X /"],
      ["b"],
    ],
    [
      "variables with the names of an object's parts",
      ["FROM a", "ARG constructor=x __proto__=y", "COPY $constructor /"],
      ["x"],
    ],
    ["an ADD of a variable that is a URL", ["FROM a", "ENV U=https://x.example/y", "ADD --checksum=sha256:1 $U /"], []],
    ["an ADD of a commit", ["FROM a", `ADD https://x.example/y.git#${"0".repeat(40)} /`], []],
    [
      "a trigger, which has the escape character of its own",
      ["# escape=`", "FROM scratch AS s", "ONBUILD ENV V=a\\ W=b", "FROM s", "COPY $W x /"],
      ["", "x"],
    ],
    [
      "a pattern's suffix and all of its places",
      ["FROM a", "ARG V=xaya", `COPY $\{V%a*} $\{V//a/b} $\{V//*/z} /`],
      ["xay", "xbyb", "z"],
    ],
    [
      "a pattern that takes long to try in every way",
      ["FROM a", `ARG V=${"a".repeat(300)}`, `COPY $\{V%%*a*a*a*a*b} /`],
      ["a".repeat(300)],
    ],
    ["a set that has signs in it", ["FROM a", "COPY [a&~]x /"], ["[a&~]x"]],
    ["a mount without a source", ["FROM a", "RUN --mount=target=/t x"], [""]],
  ];
  for (const [what, lines, paths] of sources) {
    it(`knows what it takes from its context: ${what}`, () => {
      assert.deepEqual(
        read(lines).sources.map(({ path }) => path),
        paths,
      );
    });
  }

  const mistakes: [string, string[], RegExp][] = [
    ["a syntax line", ["# syntax=docker/dockerfile:1", "FROM base"], /^images\/x\/Dockerfile:1: .*syntax/],
    ["a syntax line below #!", ["#!/usr/bin/env docker", "# syntax=x", "FROM base"], /Dockerfile:2: .*syntax/],
    ["a syntax line with slashes", ["// syntax=x", "FROM base"], /Dockerfile:1: .*syntax/],
    ["a syntax line after another directive", ["# escape=`", "# syntax=x", "FROM base"], /Dockerfile:2: .*syntax/],
    ["a variable in --from", ["FROM base", "COPY --from=$X / /"], /Dockerfile:2: --from=\$X/],
    ["a variable in a mount's from", ["FROM base", "RUN --mount=from=$X,target=/x x"], /Dockerfile:2: from=\$X/],
    [
      "a name that depends on the builder",
      ["ARG BUILDARCH", "FROM a:$BUILDARCH"],
      /Dockerfile:2: .* depends on the machine/,
    ],
    [
      "a platform that is none",
      ["FROM a", "FROM --platform=arm a"],
      /Dockerfile:2: "arm" is no platform; write os\/arch/,
    ],
    [
      "one that comes out as none",
      ["ARG P=linux", "FROM --platform=$P a"],
      /Dockerfile:2: "linux", from \$P, is no platform/,
    ],
    ["one that comes out empty", ["ARG P", "FROM --platform=$P a"], /Dockerfile:2: "", from \$P, is no platform/],
    [
      "one that depends on the builder without being its own",
      [`FROM --platform=linux/$\{BUILDARCH/amd64/arm64} a`],
      /Dockerfile:1: --platform=\S+ depends on the machine that builds; write \$BUILDPLATFORM/,
    ],
    [
      "a name that comes out empty",
      ["ARG X", "FROM $X"],
      /Dockerfile:2: FROM \$X names no image; give the ARG a default/,
    ],
    ["what is no name", ["FROM A//b"], /Dockerfile:1: "A\/\/b" is no name of an image/],
    ["a Dockerfile without FROM", ["# nothing"], /Dockerfile: has no instruction/],
    ["a step before FROM", ["RUN x", "FROM a"], /Dockerfile:1: RUN stands before the first FROM/],
    ["an instruction that there is not", ["FROM a", "COPPY x /"], /Dockerfile:2: there is no instruction COPPY/],
    [
      "a flag that there is not",
      ["FROM a", "COPY --form=b x /"],
      /Dockerfile:2: COPY has no flag --form; its flags are .*--from/,
    ],
    [
      "a flag beyond ASCII",
      ["FROM a", "RUN --mount=source=Ä,target=/a x"],
      /Dockerfile:2: BuildKit reads flags in ASCII/,
    ],
    [
      "a stage that comes later",
      ["FROM a", "COPY --from=s / /", "FROM a AS s", "COPY --from=0 / /"],
      /:2: the stage s does not come before/,
    ],
    ["a number without a stage", ["FROM a", "COPY --from=3 / /"], /Dockerfile:2: there is no stage 3/],
    ["a stage that hides scratch", ["FROM a AS scratch"], /Dockerfile:1: a stage named scratch/],
    ["a pattern with an open bracket", ["FROM a", "COPY x[ /"], /Dockerfile:2: "x\[" is no pattern/],
    [
      "an ADD of a variable that is a URL",
      ["FROM a", "ENV U=https://x.example/y", "ADD $U /"],
      /Dockerfile:3: .* no checksum/,
    ],
    ["a here-document without an end", ["FROM a", "RUN <<EOF", "x"], /Dockerfile:2: .* close it with a line EOF/],
    ["an ADD of a URL without a checksum", ["FROM a", "ADD https://x.example/y /"], /Dockerfile:2: .* has no checksum/],
    [
      "an ADD of a repository without one",
      ["FROM a", "ADD git@x.example:y/z.git /"],
      /Dockerfile:2: .* has no checksum/,
    ],
    [
      "a stage named like an image in use",
      ["FROM base AS tools", "FROM a AS base", "COPY --from=tools / /"],
      /:2: the stage "base"/,
    ],
    ["a stage named like its own image", ["FROM base AS base"], /:1: the stage "base"/],
  ];
  for (const [what, lines, message] of mistakes) {
    it(`refuses ${what}, with file and line`, () => {
      assert.throws(() => read(lines), { name: "InputError", message });
    });
  }
});
