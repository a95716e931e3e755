import assert from "node:assert/strict";
import { placeOf } from "../../components/naming";

const names = { registry: "ghcr.io", organisation: "acme/images", name: "base" };

describe("the place of an image", () => {
  it("is a repository of its own, or one for all with tags that begin with the layer's name", () => {
    const own = { repository: "ghcr.io/acme/images/base", tagPrefix: "" };
    assert.deepEqual(placeOf("{registry}/{organisation}/{name}", names), own);
    assert.deepEqual(placeOf("{registry}/{organisation}", names), {
      repository: "ghcr.io/acme/images",
      tagPrefix: "base-",
    });
    assert.equal(placeOf("localhost:5443/{name}-image", names).repository, "localhost:5443/base-image");
  });

  const mistakes: [string, string, RegExp][] = [
    ["a word that there is not", "{registry}/{team}", /^strata:repository: there is no \{team\}; .*\{organisation\}/],
    ["no host", "{name}", /makes base of the layer base, which is no repository/],
    ["upper case", "{registry}/Acme/{name}", /makes ghcr\.io\/Acme\/base/],
    ["a tag", "{registry}/{name}:1", /is no repository/],
    ["an empty part", "{registry}//{name}", /is no repository/],
    ["too long a path", `{registry}/${"a".repeat(256)}`, /256 characters/],
  ];
  for (const [what, template, message] of mistakes) {
    it(`may not have ${what}`, () => {
      assert.throws(() => placeOf(template, names), { name: "InputError", message });
    });
  }

  it("may not make a tag longer than registries take", () => {
    const long = { ...names, name: "n".repeat(62) };
    assert.throws(() => placeOf("{registry}/all", long), /too long to begin a tag with/);
    assert.equal(placeOf("{registry}/{name}", long).tagPrefix, "");
  });
});
