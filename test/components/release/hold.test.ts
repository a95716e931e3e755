import assert from "node:assert/strict";
import { chosenImage, type Promoted } from "../../../components/release/hold";

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
