import assert from "node:assert/strict";
import type { Promoted } from "../../../components/release/hold";
import { chosenImages, copyOf, type PromotionArgs, releasedOf } from "../../../components/release/promotion";
import type { SourceLayer } from "../../../components/release/source";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string) => ({ digest: digest(digit), buildId: `id-${digit}`, platforms: ["linux/amd64"] });

/** What the other stack has of a layer. */
const offer = (name: string, digit: string): SourceLayer => ({
  ...{ ...image(digit), ref: `r.test/dev/${name}@${digest(digit)}`, buildId: `id-${digit}` },
  ...{ standIn: [], tests: 0, versions: {} },
});

/** What this stack has of a layer, which came from the other one. */
const has = (name: string, digit: string, more: Partial<Promoted> = {}): Promoted => ({
  ...image(digit),
  ...{ commit: undefined, changed: undefined, source: `r.test/dev/${name}@${digest(digit)}` },
  ...{ repository: `r.test/prod/${name}`, held: false, before: [], versions: {} },
  ...more,
});

const args: PromotionArgs = {
  source: { stack: "dev", backend: undefined, key: "strata:promoteFrom" },
  offered: {},
  promoted: new Map(),
  hold: {},
  versions: {},
  registry: "r.test",
  organisation: "prod",
  repository: "{registry}/{organisation}/{name}",
};

/** By layer, what its copy is given, and whether the other stack gives names there. */
function promoted(change: Partial<PromotionArgs>) {
  const given = { ...args, ...change };
  const chosen = chosenImages(given);
  return Object.fromEntries(
    chosen.map((layer) => {
      const { version, shared } = releasedOf(layer, layer.image.digest, given);
      return [layer.name, { copy: copyOf(layer), version, shared }];
    }),
  );
}

describe("a promotion of a layer that is held and offered no more", () => {
  it("copies nothing from anywhere else than before", () => {
    const { app } = promoted({ promoted: new Map([["app", has("app", "1", { held: true })]]) });
    assert.deepEqual([app?.copy.source, app?.shared], [`r.test/dev/app@${digest("1")}`, false]);
  });

  it("leaves the names of versions and commits within one repository to the stack that gives them", () => {
    const own = has("app", "2", { repository: "r.test/dev/app", before: [image("1")] });
    const within = { organisation: "dev", promoted: new Map([["app", own]]), hold: { app: digest("1") } };
    assert.equal(promoted({ ...within, offered: { app: offer("app", "2") } }).app?.shared, true);
    assert.equal(promoted(within).app?.shared, true);
  });
});
