import assert from "node:assert/strict";
import { buildsAtOnce } from "../../../components/builds-at-once";
import { changesAnything, planStack, type StackPlan } from "../../../tools/plan/stack";
import { withFolder } from "../../components/catalog/folder";
import { withTools } from "../../components/fake-tool";

const family = {
  "Pulumi.yaml": [
    "config:",
    "  strata:upstreams: { default: upstreams.yaml }",
    "  strata:images: { default: images }",
    "  strata:parallel: { default: 0 }",
    "  strata:platforms: { default: [linux/amd64] }",
    "",
  ].join("\n"),
  "Pulumi.dev.yaml": "config: { strata:parallel: 3 }\n",
  "upstreams.yaml": "",
  "images/base/Dockerfile": "FROM scratch\nCOPY file /\n",
  "images/base/file": "a\n",
  "images/app/Dockerfile": "FROM base\nCOPY --link file /app\n",
  "images/app/file": "a\n",
  "images/site/Dockerfile": "FROM base\nCOPY file /site\n",
  "images/site/file": "a\n",
};

const record = { build: { seconds: 9, bytes: 90 }, rebase: { seconds: 1, bytes: 0 } };

/** A step of the engine on a layer, or on a resource of another type. */
function step(
  op: string,
  name: string,
  more: { type?: string; before?: object; after?: object; record?: object } = {},
) {
  const { type = "strata:image:Layer", before = {}, after = {} } = more;
  const urn = `urn:pulumi:dev::strata::strata:image:Family$${type}::${name}`;
  const outputs = { digest: "sha256:1", ...(more.record ? { record: more.record } : {}) };
  return {
    resourcePreEvent: { metadata: { op, urn, type, old: { inputs: before, outputs }, new: { inputs: after } } },
  };
}

function planOf(...events: readonly object[]): Promise<StackPlan> {
  return planIn(family, ...events);
}

function planIn(files: Readonly<Record<string, string>>, ...events: readonly object[]): Promise<StackPlan> {
  const script = events.map((event) => `printf '%s\\n' '${JSON.stringify(event)}'`).join("\n");
  return withTools({ pulumi: script }, (env) => withFolder(files, (folder) => planStack("dev", env, folder)));
}

const same = ["base", "app", "site"].map((name) => step("same", name, { record }));

describe("the plan of a stack", () => {
  it("has every layer after what it needs, and nothing to do where the engine has nothing", async () => {
    const plan = await planOf(...same);
    assert.deepEqual(
      plan.layers.map(({ name, action, seconds, needs }) => [name, action, seconds, needs]),
      [
        ["base", "unchanged", 0, []],
        ["app", "unchanged", 0, ["base"]],
        ["site", "unchanged", 0, ["base"]],
      ],
    );
    assert.deepEqual([plan.stack, plan.parallel, plan.tests, plan.others, plan.warnings], ["dev", 3, [], [], []]);
    assert.equal(changesAnything(plan), false);
  });

  it("has as many builds at once as the machine has processors, where the stack does not say", async () => {
    const plan = await planIn({ ...family, "Pulumi.dev.yaml": "config: {}\n" }, ...same);
    assert.equal(plan.parallel, buildsAtOnce(0));
  });

  it("tells builds from rebases by what steps run inside, and expects what was recorded of each", async () => {
    const moves = { before: { parents: { base: "sha256:1" } }, after: { parents: { base: "sha256:2" } } };
    const plan = await planOf(
      step("update", "base", { before: { rebuild: 1 }, after: { rebuild: 2 }, record }),
      step("update", "app", { ...moves, record }),
      step("update", "site", { ...moves }),
      step("delete", "old", { record }),
    );
    assert.deepEqual(
      plan.layers.map(({ name, action, reasons, seconds, bytes }) => [name, action, reasons, seconds, bytes]),
      [
        ["base", "build", ["rebuild 1→2"], 9, 90],
        ["app", "rebase", ["parent base"], 1, 0],
        ["site", "build", ["parent base"], undefined, undefined],
        ["old", "removed", [], 0, 0],
      ],
    );
    assert.ok(changesAnything(plan));
  });

  it("expects of a layer whose record a failed build has erased what the stack's output tells of it", async () => {
    const stack = step("same", "strata-dev", { type: "pulumi:pulumi:Stack" });
    Object.assign(stack.resourcePreEvent.metadata.old.outputs, { layers: { base: { digest: "sha256:1", ...record } } });
    const plan = await planOf(stack, step("update", "base", { before: { rebuild: 1 }, after: { rebuild: 2 } }));
    assert.deepEqual([plan.layers[0]?.action, plan.layers[0]?.seconds, plan.layers[0]?.bytes], ["build", 9, 90]);
  });

  it("has what changes besides: image tests, and what is no part of the family", async () => {
    const test = step("update", "app", { type: "strata:image:ImageTest" });
    const run = step("update", "app/tests", { type: "docker-build:index:Image" });
    const tested = await planOf(...same, test, run);
    assert.deepEqual([tested.tests, tested.others], [["app"], []]);
    // strata:tests asks for others of the same files.
    assert.deepEqual((await planOf(...same, run)).tests, ["app"]);
    const secret = await planOf(...same, step("create", "token", { type: "github:index:Secret" }));
    assert.deepEqual([secret.tests, secret.others], [[], ["create github:index:Secret token"]]);
    for (const plan of [tested, secret]) assert.ok(changesAnything(plan));
  });

  it("has the output layers besides, where a preview knows that it is not what the stack has, and nothing else tells of it", async () => {
    const output = (old: object | undefined, layers: unknown) => ({
      resOutputsEvent: {
        metadata: {
          op: "same",
          type: "pulumi:pulumi:Stack",
          urn: "urn:pulumi:dev::strata::pulumi:pulumi:Stack::strata-dev",
          old: { outputs: old && { layers: old } },
          new: { outputs: { layers, lastUpdate: null } },
        },
      },
    });
    const [app, newer] = [{ app: { digest: "sha256:1" } }, { app: { digest: "sha256:2" } }];
    for (const old of [undefined, app]) {
      const plan = await planOf(...same, output(old, newer));
      assert.match(plan.others.join(), /^update the output layers, .*failed/);
      assert.ok(changesAnything(plan));
    }
    assert.ok(!changesAnything(await planOf(...same, output(app, app))));
    const changing = step("update", "app", { record });
    for (const layers of [newer, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"]) {
      assert.deepEqual((await planOf(...same, changing, output(app, layers))).others, [], "of itself");
    }
  });

  it("does not call a layer removed that the stack uses from another one from now on", async () => {
    const plan = await planOf(step("delete", "app", { record }), ...same.filter((event) => event !== same[1]));
    assert.deepEqual(
      plan.layers.map(({ name, action }) => [name, action]),
      ["base", "app", "site"].map((name) => [name, "unchanged"]),
    );
  });

  it("fails for a stack that has no file, and for a family that only the preview could read", async () => {
    const failing = withTools({ pulumi: "exit 0" }, (env) =>
      withFolder(family, (folder) => planStack("prod", env, folder)),
    );
    await assert.rejects(failing, /Pulumi\.prod\.yaml: no such file/);
  });
});
