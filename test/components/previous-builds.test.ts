import assert from "node:assert/strict";
import { untilWhole } from "../../components/own-state";
import { buildsIn, testsIn } from "../../components/previous-builds";

const urn = (type: string, name: string) => `urn:pulumi:dev::strata::strata:image:Family$${type}::${name}`;
const image = (name: string, digest: string) => ({
  [urn("strata:image:Layer$docker-build:index:Image", name)]: {
    type: "docker-build:index:Image",
    outputs: {
      tags: [`r/${name}:b-1`],
      digest,
      builder: { name: "mine" },
      context: { location: "c", named: { base: { location: "docker-image://localhost:5/base@sha256:b" } } },
    },
  },
});
const layer = (name: string, record: object) => ({
  [urn("strata:image:Layer", name)]: { type: "strata:image:Layer", outputs: record },
});

const made = (name: string, digest: string) => {
  return { tag: `r/${name}:b-1`, builder: "mine", context: "c", digest, parents: { base: "sha256:b" } };
};

describe("what a stack last built", () => {
  it("has each image's tag and what was recorded of its build", () => {
    const record = { seconds: 2.5, sizeBytes: 7, commit: "abc" };
    const state = { ...image("app", "sha256:1"), ...layer("app", { digest: "sha256:1", ref: "r", record }) };
    assert.deepEqual([...buildsIn(state)], [["app", { ...made("app", "sha256:1"), record }]]);
  });

  it("has no layer whose image is not there, and of a record that is of another digest only what builds take", () => {
    const state = {
      ...layer("lost", { digest: "sha256:1", record: { seconds: 1 } }),
      ...image("app", "sha256:2"),
      ...layer("app", { digest: "sha256:1", record: { seconds: 1, build: { seconds: 3 } } }),
      ...image("failed", "sha256:3"),
    };
    assert.deepEqual(
      [...buildsIn(state)],
      [
        ["app", { ...made("app", "sha256:2"), record: { build: { seconds: 3 }, rebase: undefined } }],
        ["failed", { ...made("failed", "sha256:3"), record: { build: undefined, rebase: undefined } }],
      ],
    );
  });

  it("has of a layer whose outputs a failed build has erased what the stack's output tells of it", () => {
    const [build, rebase] = [
      { seconds: 3, bytes: 7 },
      { seconds: 1, bytes: 0 },
    ];
    const record = { seconds: 1, sizeBytes: 7, addedBytes: 5, newest: null, commit: "abc", build, rebase };
    const told = { ...record, ref: "r", buildId: "1", platforms: ["linux/amd64"], standIn: [], tests: 2 };
    const stack = {
      "urn:pulumi:dev::strata::pulumi:pulumi:Stack::strata-dev": {
        type: "pulumi:pulumi:Stack",
        outputs: { layers: { back: { ...told, digest: "sha256:1" }, forward: { ...told, digest: "sha256:2" } } },
      },
    };
    const state = {
      ...stack,
      ...image("back", "sha256:1"),
      ...layer("back", {}),
      ...image("forward", "sha256:3"),
      ...layer("forward", {}),
    };
    assert.deepEqual(
      [...buildsIn(state)].map(([name, { record }]) => [name, record]),
      [
        ["back", record],
        ["forward", { build, rebase }],
      ],
    );
    // Its own outputs are newer than the stack's, which an update that fails does not write.
    const built = { ...state, ...layer("back", { digest: "sha256:1", record: { seconds: 2 } }) };
    assert.deepEqual(buildsIn(built).get("back")?.record, { seconds: 2 });
  });

  it("is read again while the state is being written, and only then", async () => {
    const errors = ["failed to load checkpoint: EOF", "unexpected end of JSON input"];
    assert.equal(
      await untilWhole(async () => {
        const error = errors.pop();
        if (error) throw new Error(error);
        return "read";
      }),
      "read",
    );
    let readings = 0;
    const fails = async () => {
      readings++;
      throw new Error("incorrect passphrase");
    };
    await assert.rejects(untilWhole(fails), /passphrase/);
    assert.equal(readings, 1);
  });

  it("has the tests that an image passed beside its builds, and not among them", () => {
    const context = {
      location: ".strata/contexts/.tests/app/1/context",
      named: { image: { location: "docker-image://r/app" } },
    };
    const state = {
      ...image("app", "sha256:1"),
      [urn("strata:image:ImageTest$docker-build:index:Image", "app/tests")]: {
        type: "docker-build:index:Image",
        outputs: { context },
      },
    };
    assert.deepEqual([...testsIn(state)], [["app", { context: context.location, image: "docker-image://r/app" }]]);
    assert.deepEqual([...buildsIn(state).keys()], ["app"]);
  });
});
