import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { planSchema } from "../../tools/plan/schema";
import { changesAnything, planStack, type StackPlan } from "../../tools/plan/stack";
import { stackPlanJson, stackPlanText } from "../../tools/plan/stack-print";
import { Project } from "./project";

/** base ← tooling, side ← app; a step of base takes about a second, and what stands on it is only laid anew. */
const family = {
  "images/base/Dockerfile": `FROM alpine:3.22\nCOPY file /file\nRUN : ${randomUUID()} && sleep 1 && cat /file > /made\n`,
  "images/base/file": "one\n",
  "images/side/Dockerfile": "FROM scratch\nCOPY file /side\n",
  "images/side/file": "side\n",
  "images/tooling/Dockerfile": "FROM base\nCOPY --link file /tooling\n",
  "images/tooling/file": "tooling\n",
  "images/app/Dockerfile": "FROM tooling\nCOPY --link --from=side /side /side\nCOPY --link file /app\n",
  "images/app/file": "app\n",
};

describe("strata plan of a stack", function () {
  this.timeout(300_000);
  let project: Project;
  before(async () => {
    project = await Project.make(family);
  });
  after(() => project?.remove());

  const plan = (env: Record<string, string> = {}) => planStack("local", { ...project.env, ...env }, project.folder);
  const actions = ({ layers }: StackPlan) => Object.fromEntries(layers.map(({ name, action }) => [name, action]));

  it("tells of a family that was never built that all of it is new, and of no time", async () => {
    const planned = await plan();
    assert.deepEqual(actions(planned), { base: "new", side: "new", tooling: "new", app: "new" });
    assert.match(stackPlanText(planned), /^4 of 4 layers: 4 new, how long is not known yet$/m);
    assert.ok(changesAnything(planned));
    assert.deepEqual(planned.warnings, []);
    assert.equal(await project.lastUpdate(), null);
  });

  it("and, when it is built, what was expected and what happened", async () => {
    await project.up();
    const told = await lastUpdate();
    const all = ["app", "base", "side", "tooling"];
    for (const names of [told.predicted.built, told.predicted.unknown, told.actual.built]) {
      assert.deepEqual([...names].sort(), all);
    }
    assert.deepEqual([told.actual.rebased, told.actual.cutOff], [[], []]);
    assert.ok(told.actual.seconds >= 1, `${told.actual.seconds}`);
    const { base } = await project.layers();
    assert.ok((base?.build?.seconds ?? 0) >= 1);
    assert.ok((base?.build?.bytes ?? 0) > 0 && (base?.build?.bytes ?? 0) < (base?.sizeBytes ?? 0), "without alpine");
    assert.equal(base?.rebase, undefined);
  });

  it("has nothing to do then, and neither a preview nor an up changes what is told", async () => {
    const planned = await plan();
    assert.equal(stackPlanText(planned), "0 of 4 layers: nothing to build");
    assert.ok(!changesAnything(planned));
    const told = await lastUpdate();
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
    assert.deepEqual(Object.keys((await project.up()).changes), ["same"]);
    assert.deepEqual(await lastUpdate(), told);
  });

  it("tells a build from a rebase, and expects of the one what the last one took", async () => {
    project.write("images/base/file", "two\n");
    const planned = await plan();
    assert.deepEqual(actions(planned), { base: "build", side: "unchanged", tooling: "rebase", app: "rebase" });
    const [base, tooling, app] = ["base", "tooling", "app"].map((name) => planned.layers.find((l) => l.name === name));
    assert.deepEqual(base?.reasons, ["M file"]);
    assert.ok((base?.seconds ?? 0) >= 1);
    assert.deepEqual([tooling?.reasons, tooling?.seconds], [["parent base"], undefined]);
    const json = planSchema.parse(JSON.parse(JSON.stringify(stackPlanJson(planned))));
    assert.deepEqual(json.levels, [["base"], ["tooling"], ["app"]]);
    assert.deepEqual(app?.needs, ["side", "tooling"]);

    const preview = await project.preview();
    assert.doesNotMatch(preview.output, /lastUpdate/);
    await project.up();
    const told = await lastUpdate();
    assert.deepEqual([told.predicted.built, told.predicted.rebased], [["base"], ["tooling", "app"]]);
    assert.deepEqual([told.actual.built, told.actual.rebased, told.actual.cutOff], [["base"], ["tooling", "app"], []]);
    assert.equal(told.predicted.seconds, base?.seconds);
    const layers = await project.layers();
    assert.equal(layers.tooling?.rebase?.bytes, 0, "its linked copies are in the registry");
    assert.ok((layers.tooling?.build?.seconds ?? 0) > 0, "what a build takes is still known");
  });

  it("counts what was cut off", async () => {
    project.write("images/base/Dockerfile", `FROM scratch AS unused\n${project.read("images/base/Dockerfile")}`);
    const planned = await plan();
    assert.deepEqual(actions(planned), { base: "build", side: "unchanged", tooling: "rebase", app: "rebase" });
    assert.equal(stackPlanJson(planned).unknown.length, 0);
    await project.up();
    const told = await lastUpdate();
    assert.deepEqual([told.actual.built, told.actual.rebased], [["base"], []]);
    assert.deepEqual(told.actual.cutOff, ["tooling", "app"]);
    assert.equal(told.actual.bytes, 0, "all of it is in the registry");
    const { tooling, app } = await project.layers();
    const spared = (tooling?.build?.seconds ?? 0) + (app?.build?.seconds ?? 0);
    // Each is rounded to tenths.
    assert.ok(spared > 0 && told.savedSeconds > spared - 0.2, `${told.savedSeconds} of ${spared}`);
  });

  it("tells of an update that has targets what it built", async () => {
    project.write("images/base/file", "three\n");
    await project.up({ target: ["**base"], targetDependents: false });
    const told = await lastUpdate();
    assert.deepEqual([told.actual.built, told.actual.rebased, told.actual.cutOff], [["base"], [], []]);
    const before = (await project.layers()).tooling?.rebase;
    await project.up();
    assert.deepEqual((await lastUpdate()).actual.rebased, ["tooling", "app"]);
    assert.notEqual((await project.layers()).tooling?.rebase?.seconds, undefined);
    assert.ok(before);
  });

  it("needs neither builder nor registry, and starts none", async () => {
    project.write("images/side/file", "else\n");
    const unreachable = { DOCKER_CONFIG: join(project.folder, "nothing"), SSL_CERT_FILE: "/dev/null" };
    const planned = await plan(unreachable);
    assert.deepEqual(actions(planned), { base: "unchanged", side: "build", tooling: "unchanged", app: "build" });
  });

  it("fails with what Pulumi says is wrong", async () => {
    const dockerfile = project.read("images/app/Dockerfile");
    project.write("images/app/Dockerfile", "FROM nowhere:1\n");
    await assert.rejects(plan(), /pulumi preview failed\.[\s\S]*images\/app\/Dockerfile:1.*nowhere:1/);
    project.write("images/app/Dockerfile", dockerfile);
    await assert.rejects(planStack("nowhere", project.env, project.folder), /no stack named 'nowhere' found/);
  });

  async function lastUpdate() {
    const told = await project.lastUpdate();
    assert.ok(told);
    return told;
  }
});
