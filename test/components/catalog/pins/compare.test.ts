import assert from "node:assert/strict";
import { compareLock, comparePin } from "../../../../components/catalog/pins/compare";
import { adviceOnPins } from "../../../../components/catalog/pins/dropped";
import { withDigests } from "../../../../components/catalog/pins/upstreams";

const one = `sha256:${"1".repeat(64)}`;
const two = `sha256:${"2".repeat(64)}`;

const states = (pins: ReturnType<typeof compareLock>) =>
  pins.map(({ name, pin, now, state, security, dropped }) => ({ name, pin, now, state, security, dropped }));

describe("the pins of a lock", () => {
  const resolution = {
    packages: [
      { name: "same", version: "1", security: true },
      { name: "openssl", version: "3.5.1-1+deb13u1", security: true },
      { name: "added", version: "1", security: false },
      { name: "moved", version: "2", security: false },
    ],
    available: new Set(["same=1", "openssl=3.5.1-1", "openssl=3.5.1-1+deb13u1", "moved=2"]),
  };

  it("are compared by package: what moved, is new, is no longer needed, and whether the archive has the pin", () => {
    const lock = new Map(Object.entries({ same: "1", openssl: "3.5.1-1", moved: "1", unused: "1" }));
    const pins = compareLock("images/base/packages.lock", lock, resolution, ["base", "app"]);
    assert.deepEqual(states(pins), [
      { name: "added", pin: null, now: "1", state: "new", security: false, dropped: false },
      { name: "moved", pin: "1", now: "2", state: "moved", security: false, dropped: true },
      { name: "openssl", pin: "3.5.1-1", now: "3.5.1-1+deb13u1", state: "moved", security: true, dropped: false },
      { name: "same", pin: "1", now: "1", state: "same", security: false, dropped: false },
      { name: "unused", pin: "1", now: null, state: "gone", security: false, dropped: false },
    ]);
    for (const { kind, file, layers } of pins) {
      assert.deepEqual(
        { kind, file, layers },
        { kind: "package", file: "images/base/packages.lock", layers: ["base", "app"] },
      );
    }
  });

  it("are all new where there is no lock yet", () => {
    const pins = compareLock("images/base/packages.lock", undefined, resolution, []);
    assert.ok(pins.length === 4 && pins.every(({ state, pin }) => state === "new" && pin === null));
  });
});

describe("the pin of an upstream", () => {
  const cases: [string, Parameters<typeof comparePin>[3], string, string | null][] = [
    ["the same", { digest: one }, "same", one],
    ["moved", { digest: two }, "moved", two],
    ["gone", { gone: true }, "gone", null],
    ["unknown, which is no failure,", { unknown: "no such host" }, "unknown", null],
  ];
  for (const [what, present, state, now] of cases) {
    it(`is ${what} as its registry answers`, () => {
      const pin = comparePin("upstreams.yaml", "debian:trixie-slim", one, present, ["base"]);
      assert.deepEqual([pin.state, pin.now, pin.pin], [state, now, one]);
    });
  }

  it("is written in its place, and nothing else changes", () => {
    const text = `# why\ndebian:trixie-slim: ${one}   # dated\n\n"alpine:3.22":   '${one}'\nghcr.io/acme/x:1: ${one}\n`;
    const digests = new Map([
      ["alpine:3.22", two],
      ["debian:trixie-slim", two],
    ]);
    assert.equal(
      withDigests(text, digests),
      `# why\ndebian:trixie-slim: ${two}   # dated\n\n"alpine:3.22":   ${two}\nghcr.io/acme/x:1: ${one}\n`,
    );
    assert.equal(withDigests(text, new Map()), text);
  });
});

describe("advice on a build that failed", () => {
  it("names what Debian's archive no longer has", () => {
    const log =
      "#7 1.1 E: Version '3.5.1-1' for 'openssl' was not found\n > \n1.1 E: Version '3.5.1-1' for 'openssl' was not found\n";
    assert.match(adviceOnPins(log) ?? "", /^The archive no longer has openssl 3\.5\.1-1; run strata pins --write/);
    const two = `${log}E: Version '1' for 'b' was not found\n`;
    assert.match(adviceOnPins(two) ?? "", /openssl 3\.5\.1-1 and 1 more of its pins; run/);
  });

  it("names what Alpine's archive no longer has", () => {
    const log = "ERROR: unable to select packages:\n  openssl-3.5.2-r0:\n    breaks: world[openssl=3.5.1-r0]\n";
    assert.match(adviceOnPins(log) ?? "", /no longer has openssl 3\.5\.1-r0;/);
  });

  it("says that the image beneath is newer than the lock", () => {
    const log = "E: Packages were downgraded and -y was used without --allow-downgrades.\n";
    assert.match(adviceOnPins(log) ?? "", /strata pins --write/);
  });

  it("is not given on any other", () => {
    assert.equal(adviceOnPins("E: Unable to locate package nosuch\nerror: exit code: 100\n"), undefined);
  });
});
