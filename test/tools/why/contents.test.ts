import assert from "node:assert/strict";
import { compareContents, type Entry, layered } from "../../../tools/why/contents";

const file = (contents: string, more: Partial<Entry> = {}): Entry => ({
  kind: "file",
  mode: 0o644,
  owner: "0:0",
  size: contents.length,
  contents,
  ...more,
});
const folder: Entry = { kind: "folder", mode: 0o755, owner: "0:0", size: 0, contents: "" };
type Layer = Readonly<Record<string, Entry>>;
const view = (...layers: Layer[]) => layered(layers.map((layer) => Object.entries(layer)));
const changes = (before: Layer[], after: Layer[]) =>
  compareContents(view(...before), view(...after)).map(({ change, path, of }) => [change, path, ...of].join(" "));

describe("what layers hold", () => {
  it("is what the topmost says, whatever archives write before and behind a name", () => {
    const seen = view({ "./": folder, "./etc/": folder, "./etc/motd": file("old") }, { "etc/motd": file("new") });
    assert.deepEqual([...seen.keys()], ["etc", "etc/motd"]);
    assert.equal((seen.get("etc/motd") as Entry).contents, "new");
  });

  it("is without what a whiteout takes away of the layers beneath, with all that is in it", () => {
    const seen = view({ "a/b": file("1"), "a/c/d": file("2"), "a/cc": file("3") }, { "a/.wh.c": file("") });
    assert.deepEqual(
      [...seen],
      [
        ["a/b", file("1")],
        ["a/cc", file("3")],
        ["a/c", "removed"],
      ],
    );
  });

  it("keeps what a layer itself puts in the place of what it takes away, in any order", () => {
    const lower = { "a/b": file("1"), "a/c": file("2") };
    for (const upper of [
      { "a/.wh..wh..opq": file(""), "a/b": file("3") },
      { "a/b": file("3"), "a/.wh..wh..opq": file("") },
    ]) {
      const seen = view(lower, upper);
      assert.deepEqual(new Set(seen.keys()), new Set(["a/*", "a/b"]));
      assert.equal((seen.get("a/b") as Entry).contents, "3");
    }
  });

  it("has nothing more in a folder that became a file", () => {
    assert.deepEqual([...view({ a: folder, "a/b": file("1") }, { a: file("2") }).keys()], ["a"]);
  });
});

describe("the files of two images", () => {
  const cases: [string, Layer[], Layer[], string[]][] = [
    ["that are the same", [{ a: file("1") }], [{ a: file("1") }], []],
    [
      "that came, changed and went",
      [{ a: file("1"), b: file("1") }],
      [{ b: file("2"), c: file("1") }],
      ["D a", "M b contents", "A c"],
    ],
    [
      "of another mode or owner",
      [{ a: file("1"), b: file("1") }],
      [{ a: file("1", { mode: 0o755 }), b: file("1", { owner: "1:1" }) }],
      ["M a mode", "M b owner"],
    ],
    ["that are something else", [{ a: file("1") }], [{ a: folder }], ["M a kind"]],
    [
      "with links that lead elsewhere",
      [{ a: file("x", { kind: "link", mode: 0o777 }) }],
      [{ a: file("y", { kind: "link", mode: 0o755 }) }],
      ["M a contents"],
    ],
    ["that a layer takes away of what is shared", [], [{ "etc/.wh.motd": file("") }], ["D etc/motd"]],
    ["that a layer no longer takes away", [{ "etc/.wh.motd": file("") }], [], ["A etc/motd"]],
    [
      "without the folders on the way",
      [],
      [{ a: folder, "a-b": file("1"), "a/b": folder, "a/b/c": file("1") }],
      ["A a-b", "A a/b/c"],
    ],
    [
      "with folders that are empty, or have another mode",
      [{ b: folder }],
      [{ a: folder, b: { ...folder, mode: 0o700 } }],
      ["A a", "M b mode"],
    ],
    ["in other layers", [{ a: file("1") }, { b: file("1") }], [{ a: file("1"), b: file("1") }], []],
  ];
  for (const [what, before, after, expected] of cases) {
    it(what, () => assert.deepEqual(changes(before, after), expected));
  }

  it("have sizes, where they are files", () => {
    assert.deepEqual(compareContents(view({ a: file("12") }), view({ a: folder })), [
      { path: "a", change: "M", of: ["kind"], before: 2, after: null },
    ]);
  });
});
