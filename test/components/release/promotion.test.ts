import assert from "node:assert/strict";
import { InputError } from "../../../components/catalog/input-error";
import type { Promoted } from "../../../components/release/hold";
import { chosenImages, copyOf, type PromotionArgs, releasedOf, unheeded } from "../../../components/release/promotion";
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
  ...{ repository: `r.test/prod/${name}`, held: false, overruled: [], before: [], versions: {} },
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

describe("a promotion that is asked for some layers only", () => {
  const asked = { request: { layers: ["app"], rollback: true } };
  const both = new Map([
    ["app", has("app", "2", { before: [image("1")] })],
    ["site", has("site", "5")],
  ]);
  const hold = { app: digest("1") };
  const digests = (change: Partial<PromotionArgs>) =>
    Object.entries(promoted({ ...asked, promoted: both, ...change })).map(([name, { copy }]) => [name, copy.digest]);

  it("leaves every other one as it is, be it offered anew, for the first time or no more", () => {
    const offered = { app: offer("app", "2"), site: offer("site", "6"), more: offer("more", "7") };
    const left = [
      ["app", digest("1")],
      ["site", digest("5")],
    ];
    assert.deepEqual(digests({ offered, hold }), left);
    assert.deepEqual(digests({ offered: { app: offer("app", "2") }, hold: { ...hold, site: true } }), left);
    assert.equal(promoted({ ...asked, promoted: both, offered, hold }).app?.copy.held, true);
    assert.equal(promoted({ ...asked, promoted: both, offered, hold: { site: "5.0.0" } }).site?.copy.held, undefined);
    assert.equal(promoted({ ...asked, promoted: both, offered }).app?.copy.digest, digest("2"));
  });

  it("says of the others word for word what the stack has", () => {
    const moved = { ...offer("site", "5"), ref: `r.test/elsewhere/site@${digest("5")}`, changed: "c" };
    const { site } = promoted({ ...asked, promoted: both, offered: { app: offer("app", "2"), site: moved } });
    assert.deepEqual(site?.copy, {
      ...{ ...image("5"), commit: undefined, changed: undefined, source: `r.test/dev/site@${digest("5")}` },
      ...{ repository: "r.test/prod/site", tag: `d-${"5".repeat(64)}` },
    });
  });

  it("is not kept from it by what is wrong with others", () => {
    const site = has("site", "5", { versions: { "1.0.0": digest("5") } });
    const clashing = { ...offer("site", "6"), versions: { "1.0.0": digest("6") }, untested: true };
    const given = { promoted: new Map([...both, ["site", site]]), hold: { ...hold, site: "9.9.9", nobody: true } };
    const offered = { app: offer("app", "2"), site: clashing };
    assert.deepEqual(digests({ ...given, offered }), [
      ["app", digest("1")],
      ["site", digest("5")],
    ]);
    const renamed = { ...offer("site", "5"), versions: { "1.0.0": digest("5") } };
    const other = has("site", "5", { versions: { "1.0.0": digest("6") } });
    digests({ promoted: new Map([...both, ["site", other]]), hold, offered: { ...offered, site: renamed } });
  });

  it("gives no other one a version", () => {
    const versions = { app: "1.0.0", site: "1.0.0" };
    const { app, site } = promoted({ ...asked, promoted: both, offered: { app: offer("app", "3") }, versions });
    assert.deepEqual([app?.copy.digest, app?.version], [digest("3"), "1.0.0"]);
    assert.equal(site?.version, undefined);
  });

  it("goes back though the other stack cannot be read, and follows it only where it can", () => {
    const unread = new InputError("strata:promoteFrom", "the stack dev cannot be read");
    assert.deepEqual(digests({ unread, hold }), [
      ["app", digest("1")],
      ["site", digest("5")],
    ]);
    assert.throws(() => digests({ unread }), unread);
    assert.throws(() => digests({ unread, hold: { app: false } }), unread);
    assert.deepEqual(digests({ hold: { app: false } }), [["site", digest("5")]]);
  });
});

describe("what a file says from before a rollback", () => {
  const back = new Map([["app", has("app", "1", { held: true, obeyed: digest("1"), overruled: [false, "1.0.0"] })]]);
  const given = (change: Partial<PromotionArgs>) => {
    const all = { ...args, promoted: back, offered: { app: offer("app", "2") }, ...change };
    return unheeded(chosenImages(all), all.hold);
  };

  it("is told, with what to do", () => {
    assert.match(given({ hold: { app: false } }).join(), /^strata:hold\.app: false .* strata rollback app --end$/);
    assert.match(given({ hold: { app: "1.0.0" } }).join(), /strata rollback app --to 1\.0\.0$/);
  });

  it("is nothing to be told of where it was written for this very update, nor of what is an order", () => {
    assert.deepEqual(given({ hold: { app: false }, request: { layers: ["app"], rollback: true } }), []);
    assert.deepEqual(given({ hold: { app: digest("1") } }), []);
    assert.deepEqual(given({}), []);
  });
});
