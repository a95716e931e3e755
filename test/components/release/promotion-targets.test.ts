import assert from "node:assert/strict";
import { chosenImages, isLeftOut, outputOf } from "../../../components/release/promotion";

const [old, other] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const about = (name: string) => ({ buildId: `id-${name}`, commit: `c-${name}`, changed: `c-${name}`, platforms: [] });

describe("a promotion in an update that may have other targets", () => {
  const repository = "prod.test/app";
  const [layer] = chosenImages({
    ...{ registry: "prod.test", organisation: "acme", repository: "{registry}/{name}", versions: {} },
    source: { stack: "dev", backend: undefined, key: "strata:promoteFrom" },
    offered: {
      app: { ref: `dev.test/app@${other}`, digest: other, standIn: [], tests: 3, versions: {}, ...about("other") },
    },
    promoted: new Map([
      [
        "app",
        {
          ...{ digest: old, repository, source: `dev.test/app@${old}`, held: true, overruled: [], before: [] },
          ...{ versions: {}, ...about("old") },
        },
      ],
    ]),
    hold: { app: false },
  }) as [Parameters<typeof outputOf>[0]];

  it("tells of an image what is known of that one", () => {
    const copied = { repository, digest: other, before: [] };
    assert.equal(isLeftOut(layer, copied), false);
    const { ref, buildId, changed, tests, held } = outputOf(layer, copied);
    assert.deepEqual(
      [ref, buildId, changed, tests, held],
      [`${repository}@${other}`, "id-other", "c-other", 3, undefined],
    );
  });

  it("tells of the image of before where the update has other targets", () => {
    for (const left of [
      { repository, digest: old, before: [] },
      { repository: "prod.test/old", digest: old, before: [] },
    ]) {
      assert.equal(isLeftOut(layer, left), true);
      const { ref, buildId, changed, tests, held } = outputOf(layer, left);
      assert.deepEqual([ref, buildId, changed, tests, held], [`${left.repository}@${old}`, "id-old", "c-old", 0, true]);
    }
    assert.equal(isLeftOut(layer, { repository: "prod.test/old", digest: other, before: [] }), true);
  });
});
