import assert from "node:assert/strict";
import { labelsOf } from "../../../components/catalog/labels";

const prefix = "org.opencontainers.image";

describe("labels", () => {
  it("are those of the family, and what the image is and stands on", () => {
    const layer = { name: "app", description: "Serves.", base: "tooling", standIns: ["a:1", "b:2"] };
    assert.deepEqual(labelsOf(layer, { [`${prefix}.licenses`]: "MIT" }), {
      [`${prefix}.licenses`]: "MIT",
      [`${prefix}.title`]: "app",
      [`${prefix}.description`]: "Serves.",
      [`${prefix}.base.name`]: "tooling",
      "strata.stand-in": "a:1 b:2",
    });
  });

  it("take back the description of what is beneath, which every image inherits", () => {
    const labels = labelsOf({ name: "app", description: undefined, base: undefined, standIns: [] });
    assert.deepEqual(labels, { [`${prefix}.title`]: "app", [`${prefix}.description`]: "" });
  });
});
