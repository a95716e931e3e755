import assert from "node:assert/strict";
import { unknownLayer } from "../../../tools/stack/unknown-layer";
import { wholeDigest } from "../../../tools/why/difference";
import { inStack } from "../../../tools/why/layer";
import type { LayerState } from "../../../tools/why/states";

const a = `sha256:${"a".repeat(64)}`;
const b = `sha256:${"b".repeat(64)}`;
const ab = `sha256:${"a".repeat(10)}${"b".repeat(54)}`;
const state = (digest: string): LayerState => ({
  stack: "dev",
  name: "app",
  inputs: {},
  built: { ref: `r/app@${digest}`, digest, buildId: "", record: {} },
  lastDigest: undefined,
  tag: undefined,
  builder: undefined,
});
const tags =
  (...digests: string[]) =>
  async () => ({ digests: new Map(digests.map((digest, index) => [`t${index}`, digest])) });
const never = async (): Promise<never> => {
  throw new Error("not to be asked");
};

describe("a digest as people give it", () => {
  it("may be whole, which asks nobody", async () => {
    assert.equal(await wholeDigest(a, [], never), a);
    assert.equal(await wholeDigest(a.slice(7), [], never), a);
  });

  it("may be the beginning of one that a stack knows, or else a tag", async () => {
    assert.equal(await wholeDigest("sha256:bbbbbbbb", [state(a), state(b), state(b)], never), b);
    assert.equal(await wholeDigest("bbbbbbbb…", [state(b)], never), b);
    assert.equal(await wholeDigest("aaaaaaaa", [state(b)], tags(a, a)), a);
  });

  it("is refused where it begins several, none, or is no digest", async () => {
    await assert.rejects(
      wholeDigest("aaaaaaaa", [state(a), state(ab)], tags()),
      /several images begin with aaaaaaaa: .*give more digits/,
    );
    await assert.rejects(wholeDigest("aaaaaaaa", [], tags(a, ab)), /several images/);
    await assert.rejects(
      wholeDigest("cccccccc", [state(a)], tags(b)),
      /no image that a tag or a stack knows begins with cccccccc/,
    );
    for (const wrong of ["latest", "aaaaaaa", "sha512:aaaaaaaa", "AAAAAAAA", ""]) {
      await assert.rejects(wholeDigest(wrong, [state(a)], never), /is no digest; give sha256: and 64/, wrong);
    }
  });
});

describe("a layer that there is not", () => {
  const layers = ["app", "base", "tooling", "web-frontend"];
  const cases: [string, RegExp][] = [
    ["ap", /there is no layer "ap" in images or in the stack dev; did you mean app\?/],
    ["tolling", /did you mean tooling\?/],
    ["frontend", /did you mean web-frontend\?/],
    ["something", /layers are app, base, tooling, web-frontend$/],
  ];
  for (const [name, message] of cases) {
    it(`"${name}" is told with the nearest`, () =>
      assert.match(unknownLayer(name, [...layers, "app"], inStack("dev")), message));
  }
});
