import assert from "node:assert/strict";
import { buildId } from "../../components/catalog/build-id";
import type { BuildRecord, PreviousBuild } from "../../components/previous-builds";
import { type LastUpdate, Update, type UpdatedLayer } from "../../components/update";

/** base ← app, and other; each is built on what is beneath. */
const layer = (name: string, needs: readonly string[], rebuild = 0): UpdatedLayer => ({
  name,
  needs,
  there: {},
  runsInside: [],
  ingredients: { files: "", dockerfile: name, arguments: {}, platforms: ["linux/amd64"], rebuild, options: {} },
  tagged: `r/${name}:`,
  builder: "mine",
  context: "c",
});

const last = (built: UpdatedLayer, record: BuildRecord, more: Partial<PreviousBuild> = {}): [string, PreviousBuild] => {
  const parents = Object.fromEntries(built.needs.map((need) => [need, `sha256:${need}`]));
  const tag = `${built.tagged}b-${buildId({ ...built.ingredients, parents })}`;
  const previous = { tag, builder: "mine", context: "c", digest: `sha256:${built.name}`, parents, record };
  return [built.name, { ...previous, ...more }];
};

const [base, app, other] = [layer("base", []), layer("app", ["base"]), layer("other", [])] as const;
const records = {
  base: { build: { seconds: 40, bytes: 400 } },
  app: { build: { seconds: 10, bytes: 100 }, rebase: { seconds: 0.5, bytes: 1 } },
  other: { build: { seconds: 5 } },
} satisfies Record<string, BuildRecord>;
const builds = new Map([last(base, records.base), last(app, records.app), last(other, records.other)]);

/** Of layers of which base is raised to be built anew. */
function update(...layers: readonly UpdatedLayer[]): Update {
  const made = new Update(8);
  for (const each of layers.length > 0 ? layers : [layer("base", [], 1), app, other]) made.expect(each);
  return made;
}

const done = (action: "new" | "build" | "rebase", began: number, ended: number, record: BuildRecord) => {
  return { action, began, ended, record: { commit: "abc", ...record } };
};

describe("an update", () => {
  it("that builds nothing tells what the one before did", () => {
    const told = { version: 1 } as LastUpdate;
    assert.equal(update().summary({ builds, lastUpdate: told }), told);
    assert.equal(update().summary({ builds, lastUpdate: undefined }), undefined);
  });

  it("tells what was expected before it began beside what it did, and what it saved", () => {
    const made = update();
    made.done("base", done("build", 1000, 31_000, { build: { seconds: 30, bytes: 300 } }));
    made.done("app", done("rebase", 31_000, 32_040, { ...records.app, rebase: { seconds: 1, bytes: 2 } }));
    assert.deepEqual(made.summary({ builds, lastUpdate: undefined }), {
      version: 1,
      commit: "abc",
      predicted: { built: ["base"], rebased: ["app"], seconds: 40.5, bytes: 401, unknown: [] },
      actual: { built: ["base"], rebased: ["app"], seconds: 31, bytes: 302, cutOff: [] },
      // All of it: base 30 s as of now, then app 10 s; other beside them.
      savedSeconds: 9,
    });
  });

  it("counts what was to be built and was not, since what is beneath came out the same", () => {
    const made = update();
    made.done("base", done("build", 0, 4000, { build: { seconds: 4 } }));
    const told = made.summary({ builds, lastUpdate: undefined });
    assert.deepEqual(told?.actual, { built: ["base"], rebased: [], seconds: 4, bytes: 0, cutOff: ["app"] });
    assert.equal(told?.savedSeconds, 10);
    made.leaveOut("app");
    made.expect(layer("above", ["app"]));
    assert.deepEqual(made.summary({ builds, lastUpdate: undefined })?.actual.cutOff, [], "no target of the update");
  });

  it("expects of new layers nothing that it does not know, and says of which", () => {
    const made = update(base, layer("new", ["base"]));
    made.done("new", done("new", 0, 2000, { build: { seconds: 2, bytes: 7 } }));
    const told = made.summary({ builds, lastUpdate: undefined });
    assert.deepEqual(told?.predicted, { built: ["new"], rebased: [], seconds: 0, bytes: 0, unknown: ["new"] });
    assert.deepEqual(told?.actual, { built: ["new"], rebased: [], seconds: 2, bytes: 7, cutOff: [] });
  });

  it("expects what an update that failed half way left", () => {
    const half = new Map([...builds, last(base, records.base, { digest: "sha256:newer" })]);
    const made = update(base, app);
    made.done("app", done("rebase", 0, 1000, {}));
    assert.deepEqual(made.summary({ builds: half, lastUpdate: undefined })?.predicted.rebased, ["app"]);
  });

  it("builds all anew on another builder, for another repository, and from another context", () => {
    for (const changed of [{ builder: "other" }, { tagged: "r2/base:" }, { context: "d" }]) {
      const made = update({ ...base, ...changed });
      made.done("base", done(made.actionOn("base", {}, builds.get("base")), 0, 1, {}));
      const told = made.summary({ builds, lastUpdate: undefined });
      assert.deepEqual([told?.predicted.built, told?.actual.built], [["base"], ["base"]]);
    }
  });

  it("knows of a layer whether it changes by itself, whatever becomes of those beneath", () => {
    const changes = (changed: Partial<UpdatedLayer>) =>
      update(base, { ...app, ...changed }).changesByItself("app", builds.get("app"));
    assert.equal(changes({}), false);
    assert.equal(update(base, app).changesByItself("app", undefined), true);
    assert.equal(changes({ ingredients: { ...app.ingredients, files: "other" } }), true);
    assert.equal(changes({ there: { "debian:12": "sha256:debian" } }), true);
  });

  it("tells a build from a rebase by what a layer is built on in the end", () => {
    const made = update(base, app, { ...layer("inside", ["base"]), runsInside: ["base"] });
    const moved = { base: "sha256:moved" };
    const inside = last({ ...layer("inside", ["base"]) }, {})[1];
    assert.equal(made.actionOn("app", moved, builds.get("app")), "rebase");
    assert.equal(made.actionOn("inside", moved, inside), "build");
    assert.equal(made.actionOn("app", moved, undefined), "new");
  });
});
