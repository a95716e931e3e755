import assert from "node:assert/strict";
import { join } from "node:path";
import { fullRepository, readUpstreams, refusePinnedStandIns } from "../../../components/catalog/upstreams";
import { withFolder } from "./folder";

const one = `sha256:${"1".repeat(64)}`;
const two = `sha256:${"2".repeat(64)}`;

describe("upstreams", () => {
  const repositories: [string, string][] = [
    ["debian:trixie-slim", "docker.io/library/debian"],
    ["debian", "docker.io/library/debian"],
    ["bitnami/redis:7", "docker.io/bitnami/redis"],
    ["ghcr.io/acme/base:1", "ghcr.io/acme/base"],
    ["localhost/x:1", "localhost/x"],
    ["registry.acme:5000/x/y", "registry.acme:5000/x/y"],
  ];
  for (const [name, repository] of repositories) {
    it(`finds ${name} at ${repository}`, () => assert.equal(fullRepository(name), repository));
  }

  it("are got by the digest that they are pinned to", () => {
    withFolder({ "pins.yaml": `debian:trixie-slim: ${one}\n` }, (folder) => {
      assert.deepEqual(readUpstreams(join(folder, "pins.yaml")).get("debian:trixie-slim"), {
        name: "debian:trixie-slim",
        ref: `docker.io/library/debian@${one}`,
        digest: one,
        standIn: false,
      });
    });
  });

  it("may not be pinned to a stand-in that this machine has made", () => {
    const made = {
      "pins.yaml": `a: ${one}\nb: ${two}\n`,
      "stand-ins.yaml": `a:\n  ref: localhost:5443/library/a\n  digest: ${two}\n`,
    };
    withFolder(made, (folder) => {
      const check = () => refusePinnedStandIns(join(folder, "pins.yaml"), join(folder, "stand-ins.yaml"));
      assert.throws(check, /pins\.yaml: b: this is the digest of a stand-in; write the one that was published/);
      refusePinnedStandIns(join(folder, "pins.yaml"), join(folder, "missing.yaml"));
    });
  });

  it("are replaced by stand-ins only where a file of them is given", () => {
    const files = {
      "pins.yaml": `a: ${one}\nb: ${one}\n`,
      "stand-ins.yaml": `a:\n  ref: localhost:5443/library/a\n  digest: ${two}\n`,
    };
    withFolder(files, (folder) => {
      const pins = join(folder, "pins.yaml");
      const replaced = readUpstreams(pins, join(folder, "stand-ins.yaml"));
      assert.deepEqual(
        [...replaced.values()].map(({ ref, standIn }) => [ref, standIn]),
        [
          [`localhost:5443/library/a@${two}`, true],
          [`docker.io/library/b@${one}`, false],
        ],
      );
      assert.ok([...readUpstreams(pins).values()].every((upstream) => !upstream.standIn));
      assert.equal(readUpstreams(pins, join(folder, "missing.yaml")).get("a")?.standIn, false);
    });
  });

  it("refuse a pin that is no digest, naming file and key", () => {
    withFolder({ "pins.yaml": "debian:trixie-slim: latest\n" }, (folder) => {
      assert.throws(() => readUpstreams(join(folder, "pins.yaml")), {
        name: "InputError",
        message: /pins\.yaml:1: debian:trixie-slim: expected a digest/,
      });
    });
  });
});
