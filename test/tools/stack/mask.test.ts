import assert from "node:assert/strict";
import { masked } from "../../../tools/stack/mask";

describe("a log that is shown", () => {
  it("has no secret in it, nor a line of one, and the longer one where one is a part of another", () => {
    const log = "#8 0.1 Authorization: token-and-more\n#8 0.2 token\n#8 0.3 BEGIN KEY\n#8 0.4 abcdef\n#8 0.5 ok ab";
    const values = ["token", "token-and-more", "BEGIN KEY\nabcdef\n", "ab", ""];
    assert.equal(
      masked(log, values),
      "#8 0.1 Authorization: [secret]\n#8 0.2 [secret]\n#8 0.3 [secret]\n#8 0.4 [secret]\n#8 0.5 ok ab",
    );
  });

  it("is as it was where there are none", () => {
    assert.equal(masked("#8 DONE", []), "#8 DONE");
  });
});
