import assert from "node:assert/strict";
import { newestByShorterName, newestRelease, otherSpelling, shorterNames } from "../../../components/release/versions";

describe("versions", () => {
  const names: [version: string, shorter: string[]][] = [
    ["1.2.3", ["1.2", "1"]],
    ["v1.2.3", ["v1.2", "v1"]],
    ["10.0.11", ["10.0", "10"]],
    ["0.4.1", ["0.4"]],
    ["2.0.0-beta.1", []],
    ["1.2", []],
    ["01.2.3", []],
    ["1.2.3+build", []],
    ["app-20261121-201500", []],
    ["vault", []],
  ];
  for (const [version, shorter] of names) {
    it(`${version} is known by ${shorter.join(" and ") || "no shorter name"}`, () => {
      assert.deepEqual(shorterNames(version), shorter);
    });
  }

  it("are compared as numbers, and a pre-release is none of the newest", () => {
    assert.equal(newestRelease(["1.9.0", "1.10.0", "1.2.30", "2.0.0-rc.1", "nightly"]), "1.10.0");
    assert.equal(newestRelease(["2.0.0-rc.1", "nightly"]), undefined);
    assert.equal(newestRelease([]), undefined);
  });

  it("give each shorter name to the newest that it stands for, whatever the order", () => {
    const expected = new Map([
      ["1.2", "1.2.10"],
      ["1", "1.3.0"],
      ["1.3", "1.3.0"],
      ["v1.3", "v1.3.1"],
      ["v1", "v1.3.1"],
    ]);
    const versions = ["1.2.9", "1.3.0", "1.2.10", "v1.3.1", "1.4.0-beta"];
    assert.deepEqual(new Map([...newestByShorterName(versions)].sort()), new Map([...expected].sort()));
    assert.deepEqual(newestByShorterName([...versions].reverse()).get("1"), "1.3.0");
  });

  it("that are written in two ways are found", () => {
    assert.equal(otherSpelling("1.2.3", ["1.2.3", "v1.2.3"]), "v1.2.3");
    assert.equal(otherSpelling("1.2.3", ["1.2.3", "1.2.4", "x"]), undefined);
  });
});
