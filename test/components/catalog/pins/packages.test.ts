import assert from "node:assert/strict";
import { lockText, readLock, readWanted } from "../../../../components/catalog/pins/packages";

describe("packages.txt", () => {
  it("has a name a line, with comments that say why", () => {
    const text = "# clients\n\nredis-tools  # of caches\n  g++\nlibc6:i386\nnodejs=20.19.2+dfsg-1~deb13u1\r\n";
    assert.deepEqual(readWanted(text, "packages.txt"), [
      { name: "redis-tools", line: 3 },
      { name: "g++", line: 4 },
      { name: "libc6:i386", line: 5 },
      { name: "nodejs=20.19.2+dfsg-1~deb13u1", line: 6 },
    ]);
  });

  for (const line of ["git curl", "--allow-downgrades", "$(id)", "git;", "nodejs=", "../x"]) {
    it(`refuses ${line}, naming file and line`, () => {
      assert.throws(() => readWanted(`git\n${line}\n`, "images/base/packages.txt"), {
        name: "InputError",
        message: /^images\/base\/packages\.txt:2: .* is no package; write one name a line/,
      });
    });
  }
});

describe("packages.lock", () => {
  it("is read as it was written, sorted whatever the order", () => {
    const packages = new Map([
      ["openssl", "3.5.1-1+deb13u1"],
      ["bind9-libs", "1:9.20.26-1~deb13u1"],
      ["libstdc++", "14.2.0-r6"],
    ]);
    const text = lockText(packages);
    assert.equal(text, "bind9-libs=1:9.20.26-1~deb13u1\nlibstdc++=14.2.0-r6\nopenssl=3.5.1-1+deb13u1\n");
    assert.deepEqual(readLock(text, "packages.lock"), new Map([...packages].sort()));
  });

  const wrong: [string, string][] = [
    ["<<<<<<< HEAD", "expected name=version"],
    ["openssl", "expected name=version"],
    ["openssl=3.5.1 # pinned", "expected name=version"],
    ["git=2", '"git" is there twice'],
  ];
  for (const [line, problem] of wrong) {
    it(`refuses ${line}, naming file and line and what to do`, () => {
      assert.throws(() => readLock(`git=1\n${line}\n`, "images/base/packages.lock"), {
        name: "InputError",
        message: `images/base/packages.lock:2: ${problem}; make it anew with: strata pins --write`,
      });
    });
  }
});
