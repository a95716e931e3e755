import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { LayerEvents, type LayerProgress } from "../../tools/stack/layer-events";

const layerUrn = "urn:pulumi:local::strata::strata:image:Family$strata:image:Layer::app";
const imageUrn = "urn:pulumi:local::strata::strata:image:Family$strata:image:Layer$docker-build:index:Image::app";
const layerType = "strata:image:Layer";
const imageType = "docker-build:index:Image";

const event = (parts: object) => parts as EngineEvent;
const before = (urn: string, type: string, op: string, old?: object, now?: object) =>
  event({
    resourcePreEvent: { metadata: { urn, type, op, old: old && { inputs: old }, new: now && { inputs: now } } },
  });

describe("the engine's events, by layer", () => {
  it("tell why a layer changes, what its build prints, and how it ended", () => {
    const seen: LayerProgress[] = [];
    const events = new LayerEvents((layer) => seen.push(layer));
    events.onEvent(
      before(layerUrn, layerType, "update", { files: "a", parents: { x: "1" } }, { files: "b", parents: { x: "1" } }),
    );
    events.onEvent(before(imageUrn, imageType, "update"));
    events.onEvent(event({ diagnosticEvent: { urn: imageUrn, message: "#5 RUN make\n" } }));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "update" } } }));
    assert.equal(seen.length, 3);
    const [layer] = events.all;
    assert.deepEqual(
      { ...layer, seconds: undefined },
      { name: "app", action: "changed", reasons: ["files"], seconds: undefined, failed: false, line: "#5 RUN make" },
    );
    assert.equal(typeof layer?.seconds, "number");
  });

  it("give a layer that stays as it is neither reasons nor a time", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "same", { files: "a" }, { files: "a" }));
    events.onEvent(before(imageUrn, imageType, "same"));
    events.onEvent(event({ resOutputsEvent: { metadata: { urn: imageUrn, type: imageType, op: "same" } } }));
    assert.deepEqual(events.all, [
      { name: "app", action: "unchanged", reasons: [], seconds: undefined, failed: false, line: undefined },
    ]);
  });

  it("tell of an image that changes while its layer does not", () => {
    const events = new LayerEvents();
    events.onEvent(before(layerUrn, layerType, "same", { files: "a" }, { files: "a" }));
    events.onEvent(before(imageUrn, imageType, "update", { tags: ["a/x"] }, { tags: ["b/x"] }));
    assert.deepEqual([events.all[0]?.action, events.all[0]?.reasons], ["changed", ["tags"]]);
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
});
