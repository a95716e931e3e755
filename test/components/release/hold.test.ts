import assert from "node:assert/strict";
import { chosenImage, type Hold, ordersAfter, type Promoted } from "../../../components/release/hold";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string) => ({
  digest: digest(digit),
  buildId: `id-${digit}`,
  commit: `c-${digit}`,
  changed: undefined,
  platforms: undefined,
});
const offered = { ...image("3"), versions: { "1.3.0": digest("3"), "1.2.0": digest("2") } };
const has: Promoted = {
  ...image("2"),
  repository: "r.test/app",
  source: `r.test/dev/app@${digest("2")}`,
  held: false,
  before: [image("1")],
  overruled: [],
  versions: { "1.1.0": digest("1") },
};

describe("the image that a stack promotes", () => {
  it("is what is offered", () => {
    assert.deepEqual(chosenImage("app", undefined, has, offered), { ...image("3"), held: false });
    assert.deepEqual(chosenImage("app", undefined, undefined, offered), { ...image("3"), held: false });
  });

  it("is a digest or a version that it is held at, with all that is known of it", () => {
    assert.deepEqual(chosenImage("app", digest("1"), has, offered), { ...image("1"), held: true });
    assert.deepEqual(chosenImage("app", "1.1.0", has, offered), { ...image("1"), held: true });
    assert.deepEqual(chosenImage("app", "1.3.0", has, offered), { ...image("3"), held: true });
    assert.deepEqual(chosenImage("app", "1.2.0", undefined, offered), { digest: digest("2"), held: true });
  });

  it("stays held until it is told otherwise, whoever runs the update", () => {
    const held = { ...has, ...image("1"), held: true };
    assert.deepEqual(chosenImage("app", undefined, held, offered), { ...image("1"), held: true });
    assert.deepEqual(chosenImage("app", false, held, offered), { ...image("3"), held: false });
  });

  it("is what the stack has where it is held back, and nothing where it has nothing", () => {
    assert.deepEqual(chosenImage("app", true, has, offered), { ...image("2"), held: true });
    assert.equal(chosenImage("app", true, undefined, offered), undefined);
  });

  it("stays where it is held though it is offered no more", () => {
    const held = { ...has, held: true };
    assert.deepEqual(chosenImage("app", undefined, held, undefined), { ...image("2"), held: true });
    assert.equal(chosenImage("app", undefined, has, undefined), undefined);
  });

  it("cannot be an image of which nobody knows whether its checks passed", () => {
    assert.throws(() => chosenImage("app", digest("9"), has, offered), {
      name: "InputError",
      message: /^strata:hold\.app: sha256:9+ is neither a version of app nor an image that this stack has had/,
    });
  });

  it("cannot be a version that there is not", () => {
    assert.throws(() => chosenImage("app", "9.9.9", has, offered), {
      name: "InputError",
      message: /^strata:hold\.app: there is no version "9\.9\.9" of app \(there is 1\.3\.0, 1\.2\.0, 1\.1\.0\)/,
    });
  });
});

describe("what strata:hold says", () => {
  /** What the stack has after an update. */
  const after = (says: Hold | undefined, now: Promoted, rollback = false): Promoted => {
    const { order, ...orders } = ordersAfter(says, now, rollback);
    const chosen = chosenImage("app", order, now, offered);
    return { ...now, ...chosen, ...orders, before: [image("1"), image("2")] } as Promoted;
  };
  const stands = ({ digest, held }: Promoted) => [digest, held];

  it("is obeyed as often as it changes, as long as nobody goes back", () => {
    let now = has;
    for (const says of [true, false, true, digest("1"), false, digest("1"), true, false]) {
      const next = after(says, now);
      const expected = says === false ? digest("3") : says === true ? now.digest : says;
      assert.deepEqual(stands(next), [expected, says !== false]);
      assert.deepEqual(after(undefined, next), next);
      now = next;
    }
  });

  it("undoes no rollback that came after it, in whatever clone it still says so", () => {
    for (const stale of [false, true, digest("2"), "1.3.0"]) {
      let now = after(digest("1"), after(stale, has), true);
      for (const says of [stale, digest("1"), stale, undefined, stale]) {
        now = after(says, now);
        assert.deepEqual(stands(now), [digest("1"), true], `${stale}, then ${says}`);
      }
    }
  });

  it("holds nothing again once that was ended", () => {
    const back = after(digest("1"), after(false, has), true);
    const ended = after(false, back, true);
    for (const says of [digest("1"), false, undefined])
      assert.deepEqual(stands(after(says, ended)), [digest("3"), false], String(says));
  });

  it("ends a rollback by hand as well, though an earlier one was ended by the verb", () => {
    const ended = after(false, after(digest("1"), has, true), true);
    const again = after(digest("1"), ended, true);
    assert.deepEqual(stands(again), [digest("1"), true]);
    assert.deepEqual(stands(after(false, again)), [digest("3"), false]);
  });

  it("is obeyed in a rollback, and from then on, whatever was said before", () => {
    const back = after(digest("1"), after(digest("2"), has), true);
    const again = after(digest("2"), back, true);
    assert.deepEqual(stands(again), [digest("2"), true]);
    assert.deepEqual(stands(after(digest("2"), again)), [digest("2"), true]);
    assert.deepEqual(stands(after(digest("1"), again)), [digest("2"), true]);
  });

  it("is obeyed after a rollback where it says something for the first time", () => {
    assert.deepEqual(stands(after(false, after(digest("1"), has, true))), [digest("3"), false]);
    assert.deepEqual(stands(after("1.2.0", after(digest("1"), after(false, has), true))), [digest("2"), true]);
  });
});
