import assert from "node:assert/strict";
import { z } from "zod";
import { orUnknown, plain } from "../../../components/release/provider/resource";

describe("the properties that an engine sends", () => {
  it("are read without the marks of secrets, at any depth", () => {
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    const sent = { tags: secret({ latest: secret("sha256:1") }), list: [secret("a"), "b"], keep: false, none: null };
    assert.deepEqual(plain(sent), { tags: { latest: "sha256:1" }, list: ["a", "b"], keep: false, none: null });
  });

  it("are undefined where a preview does not know them yet, and are refused where they are something else", () => {
    const schema = orUnknown(z.array(z.string()));
    assert.equal(schema.parse("04da6b54-80e4-46f7-96ec-b56ff0331ba9"), undefined);
    assert.deepEqual(schema.parse(["a"]), ["a"]);
    assert.throws(() => schema.parse("a"));
  });
});
