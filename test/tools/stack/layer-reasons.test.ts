import assert from "node:assert/strict";
import { type ContextFile, filesText } from "../../../components/catalog/files";
import { sha256 } from "../../../components/catalog/sha256";
import { layerReasons, unknown } from "../../../tools/stack/layer-reasons";

const file = (path: string, contents = path): ContextFile => ({ path, mode: "644", hash: sha256(contents) });
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const layer = {
  files: filesText([file("a b"), file("c\nd")]),
  dockerfile: "FROM base\n",
  platforms: ["linux/amd64"],
  compression: "zstd",
};
const why = (before: object, after: object, changes: readonly string[] = []) =>
  layerReasons({ ...layer, ...before }, { ...layer, ...after }, (name) => changes.includes(name));

describe("the reasons of a layer's step", () => {
  const cases: [string, object, object, string[]][] = [
    ["the Dockerfile", {}, { dockerfile: "FROM scratch\n" }, ["M Dockerfile"]],
    [
      "files that are new, edited and gone, whatever their names",
      {},
      { files: filesText([file("a b", "edited"), file("new")]) },
      ["M a b", "D c\nd", "A new"],
    ],
    ["a mode", {}, { files: filesText([{ ...file("a b"), mode: "755" }, file("c\nd")]) }, ["M a b"]],
    ["all files", { files: "" }, {}, ["A a b", "A c\nd"]],
    [
      "arguments and labels",
      { arguments: { A: "1", B: "1" }, labels: { x: "1" } },
      { arguments: { A: "2", C: "1" } },
      ["argument A", "argument B", "argument C", "label x"],
    ],
    [
      "the Dockerfile alone where the base is another one",
      { labels: { "org.opencontainers.image.base.name": "a" } },
      { labels: { "org.opencontainers.image.base.name": "b" }, dockerfile: "FROM b\n" },
      ["M Dockerfile"],
    ],
    ["a platform", {}, { platforms: ["linux/amd64", "linux/arm64"] }, ["platform"]],
    ["times that are constant", {}, { timestamps: "constant" }, ["timestamps"]],
    ["a forced rebuild", {}, { rebuild: 2 }, ["rebuild 0→2"]],
    ["the compression", {}, { compression: "gzip" }, ["compression"]],
    [
      "an upstream that moved, but not one that is new",
      { upstreams: { "debian:12": digest("1") } },
      { upstreams: { "debian:12": digest("2"), "alpine:3": digest("1") } },
      ["upstream debian:12 11111111…→22222222…"],
    ],
    ["a parent that moved", { parents: { base: "1" } }, { parents: { base: "2" } }, ["parent base"]],
    [
      "parents that are not known yet",
      { parents: { base: "1", tool: "1" } },
      { parents: { base: unknown, more: unknown, tool: "1" } },
      ["parent base", "parent more"],
    ],
    [
      "a layer that leaves its name to an upstream",
      { parents: { base: "1" } },
      { upstreams: { base: digest("1") } },
      ["parent base"],
    ],
    ["what it knows no word for", {}, { surprise: true }, ["surprise"]],
  ];
  for (const [what, before, after, expected] of cases) {
    it(`name ${what}`, () => assert.deepEqual(why(before, after), expected));
  }

  it("name a parent that is new to the layer only where that changes too", () => {
    const edit = [{ dockerfile: "FROM scratch\n" }, { parents: { base: "1" } }] as const;
    assert.deepEqual(why(...edit), ["M Dockerfile"]);
    assert.deepEqual(why(...edit, ["base"]), ["M Dockerfile", "parent base"]);
  });

  describe("of many files", () => {
    const many = (folder: string, count: number) =>
      Array.from({ length: count }, (_, index) => file(`${folder}/${String(index).padStart(4, "0")}`));
    const text = (...files: ContextFile[][]) => filesText(files.flat().sort((a, b) => (a.path < b.path ? -1 : 1)));

    it("name a folder that stands for what is in it", () => {
      const before = text(many("a", 300), many("b", 300));
      const edited = text(many("a", 300), [...many("b", 299), file("b/edited")]);
      assert.match(before, / tree b\/\n/);
      assert.deepEqual(why({ files: before }, { files: edited }), ["M b/"]);
      assert.deepEqual(why({ files: before }, { files: text(many("a", 300)) }), ["D b/"]);
    });

    it("do not name a folder that is only closed by now", () => {
      const before = text(many("a", 200), many("b", 300));
      const after = text(many("a", 201), many("b", 300));
      assert.doesNotMatch(before, / tree /);
      assert.match(after, / tree b\/\n/);
      assert.deepEqual(why({ files: before }, { files: after }), ["A a/0200"]);
    });
  });
});
