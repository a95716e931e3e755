import assert from "node:assert/strict";
import { nameIn, typeIn } from "../../components/urn";

describe("Pulumi's name for a resource", () => {
  const inLayer = "urn:pulumi:dev::strata::strata:image:Family$strata:image:Layer$docker-build:index:Image::app";
  const alone = "urn:pulumi:dev::strata::pulumi:pulumi:Stack::strata-dev";

  it("ends with what the program calls it", () => {
    assert.equal(nameIn(inLayer), "app");
    assert.equal(nameIn(alone), "strata-dev");
  });

  it("has its own type behind those of its parents", () => {
    assert.equal(typeIn(inLayer), "docker-build:index:Image");
    assert.equal(typeIn(alone), "pulumi:pulumi:Stack");
  });
});
