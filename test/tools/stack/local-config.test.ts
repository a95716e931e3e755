import assert from "node:assert/strict";
import { join } from "node:path";
import { usesLocalServices } from "../../../tools/stack/local-config";
import { withFolder } from "../../components/catalog/folder";

const uses = (text: string) =>
  withFolder({ "Pulumi.local.yaml": text }, (folder) => usesLocalServices(join(folder, "Pulumi.local.yaml")));

describe("the stack local", () => {
  it("uses the local services where nothing says otherwise", () => {
    assert.equal(usesLocalServices("/no/such/file"), true);
    assert.equal(uses("encryptionsalt: v1:abc\n"), true);
    assert.equal(uses("config:\n  strata:platforms: [linux/amd64]\n"), true);
    assert.equal(uses('config:\n  strata:builder: strata-local\n  strata:registry: "localhost:5443"\n'), true);
  });

  it("uses a builder and a registry that its configuration names", () => {
    assert.equal(uses("config:\n  strata:builder: mine\n  strata:registry: ghcr.io\n"), false);
    assert.equal(uses('config:\n  strata:builder: mine\n  strata:registry: "localhost:5000"\n'), false);
  });

  it("refuses one without the other, and names what is missing", () => {
    assert.throws(() => uses("config:\n  strata:builder: mine\n"), /Pulumi\.local\.yaml: set strata:registry too/);
    assert.throws(() => uses("config:\n  strata:registry: ghcr.io\n"), /Pulumi\.local\.yaml: set strata:builder too/);
  });
});
