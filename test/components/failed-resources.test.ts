import assert from "node:assert/strict";
import { leftOutText } from "../../components/failed-resources";

describe("what is left out since a resource failed", () => {
  it("is told with the resource that failed, however deep the SDK found it", () => {
    const expected = "app failed, as the error of app (docker-build:index:Image) says; what is made of it was left out";
    const message = "resource app [docker-build:index:Image] failed to register";
    assert.equal(leftOutText(message), expected);
    assert.equal(
      leftOutText(`error serializing property "outputs": error serializing property "digest": ${message}`),
      expected,
    );
  });

  it("takes no other error for one", () => {
    for (const message of [
      "",
      "no resource app",
      "resource app [x] failed to register: it said so",
      "aresource app [x] failed to register",
    ]) {
      assert.equal(leftOutText(message), undefined, message);
    }
  });
});
