import assert from "node:assert/strict";
import { type Resolution, readResolution, sameOnAll } from "../../../../components/catalog/pins/resolution";

/** What apt 3.0.3 printed, the upgrade and the security suite as apt-get(8) and other machines have them. */
const apt = `Reading package lists...
The following additional packages will be installed:
  libjq1 libonig5
0 upgraded, 4 newly installed, 0 to remove and 0 not upgraded.
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
Inst openssl (3.5.1-1+deb13u1 Debian:13.7/stable, Debian-Security:13/stable-security [amd64]) []
Inst libc6:i386 (2.41-12 Debian:13.7/stable [i386])
Inst bind9-libs (1:9.20.26-1~deb13u1 Debian:13.7/stable [amd64])
Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
`;

const madison = `  libonig5 | 6.9.9-1+b1 | http://archive.example/debian trixie/main amd64 Packages
   openssl | 3.5.1-1+deb13u1 | http://archive.example/debian-security trixie-security/main amd64 Packages
   openssl |    3.5.1-1 | http://archive.example/debian trixie/main amd64 Packages
`;

const apk = `(1/3) Installing libgcc (14.2.0-r6)
( 2/3) Upgrading libssl3 (3.5.1-r0 -> 3.5.2-r0)
(3/3) Installing libstdc++ (14.2.0-r6)
Executing busybox-1.37.0-r18.trigger
OK: 12 MiB in 19 packages
`;

const policy = `openssl policy:
  3.5.1-r0:
    lib/apk/db/installed
  3.5.2-r0:
    https://archive.example/alpine/v3.22/main
curl policy:
  8.14.1-r1:
    https://archive.example/alpine/v3.22/main
`;

describe("what a package manager answers", () => {
  it("is read of apt: what is added and what is brought to another version, and which comes from security", () => {
    const { packages, available } = readResolution("apt", apt, madison);
    assert.deepEqual(packages, [
      { name: "libssl3t64", version: "3.5.1-1+deb13u1", security: true },
      { name: "openssl", version: "3.5.1-1+deb13u1", security: true },
      { name: "libc6:i386", version: "2.41-12", security: false },
      { name: "bind9-libs", version: "1:9.20.26-1~deb13u1", security: false },
    ]);
    assert.deepEqual([...available], ["libonig5=6.9.9-1+b1", "openssl=3.5.1-1+deb13u1", "openssl=3.5.1-1"]);
  });

  it("is read of apk", () => {
    const { packages, available } = readResolution("apk", apk, policy);
    assert.deepEqual(
      packages.map(({ name, version }) => `${name}=${version}`),
      ["libgcc=14.2.0-r6", "libssl3=3.5.2-r0", "libstdc++=14.2.0-r6"],
    );
    assert.deepEqual([...available], ["openssl=3.5.1-r0", "openssl=3.5.2-r0", "curl=8.14.1-r1"]);
  });

  it("is nothing where everything is there already", () => {
    assert.deepEqual(readResolution("apt", "0 upgraded, 0 newly installed\n", "").packages, []);
  });
});

describe("platforms", () => {
  const one = (...pins: string[]): Resolution => ({
    packages: pins
      .map((pin) => pin.split("=") as [string, string])
      .map(([name, version]) => ({ name, version, security: false })),
    available: new Set(pins),
  });

  it("share a lock where they need the same", () => {
    const same = new Map([
      ["linux/amd64", one("a=1", "b=2")],
      ["linux/arm64", one("b=2", "a=1")],
    ]);
    assert.deepEqual(sameOnAll(same).packages, one("a=1", "b=2").packages);
  });

  it("are refused where they do not, naming what differs", () => {
    const different = new Map([
      ["linux/amd64", one("a=1", "libquadmath0=14")],
      ["linux/arm64", one("a=1+b1")],
    ]);
    assert.throws(
      () => sameOnAll(different),
      /\(a=1 on linux\/amd64, libquadmath0=14 on linux\/amd64, a=1\+b1 on linux\/arm64\)/,
    );
  });
});
