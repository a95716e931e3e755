import assert from "node:assert/strict";
import { join } from "node:path";
import { type IgnoreRules, readIgnoreRules } from "../../../components/catalog/ignore-rules";
import { withFolder } from "./folder";

const rules = (...lines: string[]): IgnoreRules =>
  withFolder({ ".dockerignore": lines.join("\n") }, (folder) => readIgnoreRules(join(folder, "Dockerfile"), folder));

describe("an ignore file", () => {
  const cases: [patterns: string[], ignored: string[], kept: string[]][] = [
    [
      ["# no", "*.md", "/docs/"],
      ["a.md", "docs", "docs/a/b"],
      ["x/a.md", "# no", "more/docs"],
    ],
    [
      ["docs", "!docs/a"],
      ["docs", "docs/b"],
      ["docs/a", "docs/a/x"],
    ],
    [["d/f", "!d"], ["d/f"], ["d/g"]],
    [
      ["*/*", "!d*"],
      ["d/a", "x/y"],
      ["d", "x"],
    ],
    [["x/*", "!x"], ["x/a"], ["x"]],
    [["**.o"], ["x.o", "d/x.o"], ["x.oo"]],
    [["**/x"], ["x", "a/x", "a/b/x"], ["ax"]],
    [["a/**"], ["a/b", "a/b/c"], ["a"]],
    [["a/**/b"], ["a/b", "a/x/y/b"], ["ab"]],
    [
      ["lib+", "c++", "a(1)", "x{2}", "^a", "a|b"],
      ["lib+", "c++", "a(1)", "x{2}", "^a", "a|b"],
      ["lib", "a", "b", "xx"],
    ],
    [
      ["?", "[a-c]1"],
      ["😀", "x", "b1"],
      ["xy", "d1"],
    ],
    [["*.js", "!(keep).js"], ["keep.js"], ["(keep).js"]],
    [["./a/../b"], ["b"], ["a"]],
    [["\\#a", " x "], ["#a", "x"], ["a"]],
  ];
  for (const [patterns, ignored, kept] of cases) {
    it(`means what BuildKit takes it for: ${patterns.join(" ")}`, () => {
      const read = rules(...patterns);
      for (const path of ignored) assert.ok(read.ignores(path), `${path} is to be ignored`);
      for (const path of kept) assert.ok(!read.ignores(path), `${path} is to be kept`);
    });
  }

  it("saves looking into a folder that it ignores whole", () => {
    assert.ok(rules("docs").ignoresAllOf("docs/a"));
    assert.ok(!rules("docs", "!docs/a").ignoresAllOf("docs"));
  });

  it("may not have an open bracket, or an exception of nothing", () => {
    assert.throws(() => rules("a", "b["), { name: "InputError", message: /\.dockerignore:2: "b\[" is no pattern/ });
    assert.throws(() => rules("!"), /\.dockerignore:1: an exception needs a pattern/);
  });
});
