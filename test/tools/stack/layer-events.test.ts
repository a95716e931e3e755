import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { LayerEvents, type LayerProgress } from "../../../tools/stack/layer-events";
import { unknown } from "../../../tools/stack/layer-reasons";
import { progressLines } from "../../../tools/stack/progress";

const layerUrn = "urn:pulumi:local::strata::strata:image:Family$strata:image:Layer::app";
const imageUrn = "urn:pulumi:local::strata::strata:image:Family$strata:image:Layer$docker-build:index:Image::app";
const layerType = "strata:image:Layer";
const imageType = "docker-build:index:Image";

const event = (parts: object) => parts as EngineEvent;
const digest = "sha256:1";
const before = (urn: string, type: string, op: string, old?: object, now?: object, outputs: object = { digest }) =>
  event({
    resourcePreEvent: {
      metadata: { urn, type, op, old: old && { inputs: old, outputs }, new: now && { inputs: now } },
    },
  });
const untouched = {
  reasons: [],
  cutOff: undefined,
  seconds: undefined,
  failed: false,
  step: undefined,
  line: undefined,
};

describe("the engine's events, by layer", () => {
  it("tell why a layer changes, what its build prints, and how it ended", () => {
    const seen: LayerProgress[] = [];
    const events = new LayerEvents((layer) => seen.push(layer));
    events.onEvent(
      before(layerUrn, layerType, "update", { rebuild: 1, parents: { x: "1" } }, { rebuild: 2, parents: { x: "1" } }),
    );
    events.onEvent(before(imageUrn, imageType, "update"));
    events.onEvent(event({ diagnosticEvent: { urn: imageUrn, message: "#5 RUN make\n" } }));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "update" } } }));
    assert.deepEqual(
      seen.map(({ step }) => step),
      [undefined, "build", "build", undefined],
    );
    const [layer] = events.all;
    assert.deepEqual(
      { ...layer, seconds: undefined },
      { ...untouched, name: "app", action: "changed", reasons: ["rebuild 1→2"], line: "#5 RUN make" },
    );
    assert.equal(typeof layer?.seconds, "number");
  });

  it("give a layer that stays as it is neither reasons nor a time", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "same", { files: "a" }, { files: "a" }));
    events.onEvent(before(imageUrn, imageType, "same"));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "same" } } }));
    assert.deepEqual(events.all, [{ ...untouched, name: "app", action: "unchanged" }]);
  });

  describe("tell of an image that changes while its layer does not", () => {
    const told = (op: string, old?: object, now?: object, outputs?: object) => {
      const events = new LayerEvents();
      events.onEvent(before(layerUrn, layerType, "same", { files: "" }, { files: "" }, outputs));
      events.onEvent(before(imageUrn, imageType, op, old, now));
      return [events.all[0]?.action, events.all[0]?.reasons];
    };

    it("that it goes to another repository", () => {
      assert.deepEqual(told("update", { tags: ["a:5/x:b-1"] }, { tags: ["b:5/x:b-1"] }), ["changed", ["repository"]]);
    });

    it("that the registry lost it", () => {
      assert.deepEqual(told("create", undefined, { tags: ["a/x:b-1"] }), ["changed", ["not in the registry"]]);
    });

    it("that its last build did not finish", () => {
      const reasons = ["changed", ["not built yet"]];
      assert.deepEqual(told("create", undefined, { tags: ["a/x:b-1"] }, {}), reasons);
      assert.deepEqual(told("update", { tags: ["a/x:b-1"] }, { tags: ["a/x:b-2"] }, {}), reasons);
    });

    it("which other inputs differ", () => {
      const named = (name: string) => ({ tags: ["a/x:b-1"], builder: { name } });
      assert.deepEqual(told("update", named("a"), named("b")), ["changed", ["builder"]]);
    });
  });

  it("tell of a change upon one that was not built yet", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "update", { rebuild: 1 }, { rebuild: 2 }, {}));
    assert.deepEqual(events.all[0]?.reasons, ["rebuild 1→2", "not built yet"]);
  });

  it("leave a layer untouched that changes back to the image that it had before a build failed", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "update", { rebuild: 2 }, { rebuild: 1 }, {}));
    events.onEvent(before(imageUrn, imageType, "same"));
    assert.deepEqual(events.all, [{ ...untouched, name: "app", action: "unchanged" }]);
  });

  it("tell what a layer was spared by, where a preview said that it changes", () => {
    const baseUrn = layerUrn.replace("app", "base");
    const play = (op: string, digest: string, predicted: readonly LayerProgress[] = []) => {
      const events = new LayerEvents(() => {}, predicted);
      events.onEvent(before(baseUrn, layerType, "update", { dockerfile: "a" }, { dockerfile: "b" }));
      events.onEvent(before(layerUrn, layerType, op, { parents: { base: "1" } }, { parents: { base: digest } }));
      return events.all;
    };
    const predicted = play("update", unknown);
    assert.deepEqual(predicted[1]?.reasons, ["parent base"]);
    assert.deepEqual(play("same", "1", predicted)[1]?.cutOff, ["base"]);
    assert.equal(play("same", "1")[1]?.cutOff, undefined);
    assert.equal(play("update", "2", predicted)[1]?.cutOff, undefined);
  });

  it("have in the queue what a preview said will change, before its parents are there and it comes", () => {
    const preview = new LayerEvents();
    for (const [name, op] of Object.entries({
      base: "update",
      app: "update",
      new: "create",
      old: "delete",
      idle: "same",
    })) {
      const [layer, image] = [layerUrn, imageUrn].map((urn) => urn.replace(/app$/, name)) as [string, string];
      preview.onEvent(before(layer, layerType, op, { files: "a" }, { files: "b" }));
      preview.onEvent(before(image, imageType, op));
      preview.onEvent(event({ resOutputsEvent: { metadata: { urn: image, type: imageType, op } } }));
    }
    const events = new LayerEvents(() => {}, preview.all);
    const lines = () => progressLines(events.expected, () => 0, 10).at(-1);
    events.onEvent(before(layerUrn.replace(/app$/, "base"), layerType, "update", { files: "a" }, { files: "b" }));
    events.onEvent(before(imageUrn.replace(/app$/, "base"), imageType, "update"));
    assert.equal(lines(), "  0 done, 1 in the making, 2 in the queue");
    events.onEvent(before(layerUrn, layerType, "same", { files: "a" }, { files: "a" }));
    assert.equal(lines(), "  0 done, 1 in the making, 1 in the queue");
    assert.deepEqual(
      events.all.map(({ name }) => name),
      ["base", "app"],
    );
  });

  it("do not take a refresh for a build", () => {
    const events = new LayerEvents();
    events.onEvent(before(imageUrn, imageType, "refresh"));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "refresh" } } }));
    events.onEvent(before(layerUrn, layerType, "same", {}, {}));
    events.onEvent(before(imageUrn, imageType, "same"));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "same" } } }));
    assert.deepEqual([events.all[0]?.action, events.all[0]?.seconds], ["unchanged", undefined]);
  });

  it("tell of a layer that is removed", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "delete", { files: "a" }));
    assert.equal(events.all[0]?.action, "removed");
  });

  it("tell of a build that failed", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "create", undefined, { files: "a" }));
    events.onEvent(before(imageUrn, imageType, "create"));
    events.onEvent(event({ resOpFailedEvent: { metadata: { urn: imageUrn, type: imageType, op: "create" } } }));
    assert.equal(events.all[0]?.failed, true);
    assert.equal(events.all[0]?.action, "new");
  });

  it("tell how the tests of a layer's image went, and not as a build of it", () => {
    const testUrn =
      "urn:pulumi:local::strata::strata:image:Family$strata:image:ImageTest$docker-build:index:Image::app/tests";
    const play = (op: string, end: string) => {
      const events = new LayerEvents();
      events.onEvent(before(layerUrn, layerType, "same", {}, {}));
      events.onEvent(before(testUrn, imageType, op));
      events.onEvent(event({ diagnosticEvent: { urn: testUrn, message: "#5 passed\n" } }));
      events.onEvent(event({ [end]: { metadata: { urn: testUrn, type: imageType, op } } }));
      assert.equal(events.all.length, 1);
      return events.all[0] as LayerProgress;
    };
    const passed = play("update", "resOutputsEvent");
    assert.deepEqual(
      [passed.action, passed.seconds, passed.failed, passed.line],
      ["unchanged", undefined, false, "#5 passed"],
    );
    assert.equal(passed.tests?.failed, false);
    assert.equal(play("create", "resOpFailedEvent").tests?.failed, true);
    assert.equal(play("same", "resOutputsEvent").tests, undefined);
  });
});
