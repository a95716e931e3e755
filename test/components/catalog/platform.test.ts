import assert from "node:assert/strict";
import { normalPlatform, platform, runsAs } from "../../../components/catalog/platform";

describe("a platform", () => {
  const names: [string, string | undefined][] = [
    ["linux/amd64", "linux/amd64"],
    ["Linux/x86_64", "linux/amd64"],
    ["linux/x86-64/v1", "linux/amd64"],
    ["linux/amd64/v3", "linux/amd64/v3"],
    ["linux/i386/v9", "linux/386"],
    ["linux/aarch64/v8", "linux/arm64"],
    ["linux/arm64/v8.0", "linux/arm64"],
    ["linux/arm64/v8.2", "linux/arm64/v8.2"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/6", "linux/arm/v6"],
    ["linux/armhf", "linux/arm/v7"],
    ["linux/armel", "linux/arm/v6"],
    ["macos/arm64", "darwin/arm64"],
    ["linux", undefined],
    ["arm64", undefined],
    ["linux/amd64/v2/x", undefined],
    ["linux//v8", undefined],
    ["linux/*", undefined],
    ["", undefined],
  ];
  for (const [text, normal] of names) {
    it(`has a normal form: ${text || "nothing"}`, () => assert.equal(normalPlatform(text), normal));
  }

  it("must be written in its normal form", () => {
    assert.ok(platform.safeParse("linux/arm/v6").success);
    const messages = (text: string) => platform.safeParse(text).error?.issues.map(({ message }) => message);
    assert.deepEqual(messages("linux/arm"), ["write linux/arm/v7 for linux/arm"]);
    assert.deepEqual(messages("windows/x86_64"), ["write windows/amd64 for windows/x86_64"]);
    assert.deepEqual(messages("amd64"), ["expected os/architecture, such as linux/amd64 or linux/arm64"]);
  });

  const pairs: [string, string, boolean][] = [
    ["linux/amd64", "linux/amd64", true],
    ["linux/amd64", "linux/amd64/v3", true],
    ["linux/amd64/v3", "linux/amd64", false],
    ["linux/amd64/v2", "linux/amd64/v3", true],
    ["linux/arm/v6", "linux/arm/v7", true],
    ["linux/arm/v7", "linux/arm/v6", false],
    ["linux/arm64", "linux/arm64/v9", true],
    ["linux/arm64/v8.2", "linux/arm64", false],
    ["linux/arm/v7", "linux/arm64", false],
    ["linux/386", "linux/amd64", false],
    ["windows/amd64", "linux/amd64", false],
    ["linux/riscv64", "linux/riscv64", true],
  ];
  for (const [made, wanted, runs] of pairs) {
    it(`${runs ? "runs" : "does not run"} as another: ${made} as ${wanted}`, () =>
      assert.equal(runsAs(made, wanted), runs));
  }
});
