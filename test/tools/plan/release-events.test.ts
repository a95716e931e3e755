import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { copyChange, tagChanges } from "../../../tools/plan/release-events";
import { promotionLines, promotionSentences, promotionSummary, tagLines } from "../../../tools/plan/release-print";
import { unknown } from "../../../tools/stack/layer-reasons";

const [one, two] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];

function step(type: "Tags" | "Copy", op: string, before: object | undefined, after?: object): EngineEvent {
  const urn = `urn:pulumi:dev::strata::strata:release:Release$strata:release:${type}::app`;
  const old = before && { inputs: before, outputs: before };
  const metadata = { op, urn, type: `strata:release:${type}`, old, new: after && { inputs: after } };
  return { resourcePreEvent: { metadata } } as unknown as EngineEvent;
}

const tags = (tags: object, keep = true) => ({ repository: "r.test/app", tags, keep });

describe("the release tags of a plan", () => {
  it("are new, or move", () => {
    const before = tags({ latest: one, "1.2": one });
    const after = tags({ latest: two, "1.2": one, "1.3": two });
    assert.deepEqual(tagChanges(step("Tags", "update", before, after)), [
      { layer: "app", tag: "r.test/app:latest", action: "moved", from: one, to: two },
      { layer: "app", tag: "r.test/app:1.3", action: "new", from: null, to: two },
    ]);
  });

  it("may name what is still to be built", () => {
    const [change] = tagChanges(step("Tags", "update", tags({ latest: one }), tags({ latest: unknown })));
    assert.deepEqual(change, { layer: "app", tag: "r.test/app:latest", action: "moved", from: one, to: null });
    const [first] = tagChanges(step("Tags", "create", undefined, tags({ latest: unknown })));
    assert.deepEqual(first, { layer: "app", tag: "r.test/app:latest", action: "new", from: null, to: null });
  });

  it("are taken away only where they are not kept", () => {
    assert.deepEqual(tagChanges(step("Tags", "update", tags({ old: one }), tags({}))), []);
    assert.deepEqual(tagChanges(step("Tags", "delete", tags({ old: one }))), []);
    const removed = { layer: "app", tag: "r.test/app:old", action: "removed", from: one, to: null };
    assert.deepEqual(tagChanges(step("Tags", "delete", tags({ old: one }, false))), [removed]);
  });

  it("that somebody moved are put back: what a refresh found counts, not what was asked for", () => {
    const asked = tags({ latest: one });
    const event = step("Tags", "update", asked, asked);
    Object.assign(event.resourcePreEvent?.metadata.old ?? {}, { outputs: tags({ latest: two }) });
    assert.deepEqual(tagChanges(event), [
      { layer: "app", tag: "r.test/app:latest", action: "moved", from: two, to: one },
    ]);
  });

  it("are told in a line each", () => {
    const lines = tagLines([
      { layer: "app", tag: "r.test/app:latest", action: "moved", from: one, to: null },
      { layer: "app", tag: "r.test/app:1.3", action: "new", from: null, to: two },
      { layer: "app", tag: "r.test/app:pr-7", action: "removed", from: one, to: null },
    ]);
    assert.deepEqual(lines, [
      "Tags:",
      "  r.test/app:latest 111111111111 → what is built",
      "  r.test/app:1.3 → 222222222222",
      "  r.test/app:pr-7 taken away from 111111111111",
    ]);
  });
});

describe("the promotions of a plan", () => {
  it("say digest by digest what is taken over", () => {
    const copy = (digest: string, more: object = {}) => ({ digest, commit: `c-${digest[7]}`, ...more });
    const commits = { from: "c-1", to: "c-2" };
    const promoted = { layer: "app", action: "promoted", from: one, to: two, held: false, commits };
    assert.deepEqual(copyChange(step("Copy", "update", copy(one), copy(two))), promoted);
    const same = copyChange(step("Copy", "same", copy(one, { held: true }), copy(one, { held: true })));
    assert.deepEqual([same?.action, same?.held], ["unchanged", true]);
    assert.equal(copyChange(step("Copy", "create", undefined, copy(two)))?.action, "new");
    assert.equal(copyChange(step("Copy", "delete", copy(two)))?.action, "removed");
    assert.equal(copyChange(step("Copy", "refresh", copy(two), copy(two))), undefined);
  });

  it("are told with the commits between", () => {
    const commits = { from: "a", to: "b" };
    const between = [{ commit: "0123456789abcdef", subject: "Say hello\u001b[31m" }];
    const layers = [
      { layer: "app", action: "promoted" as const, from: one, to: two, held: false, commits, between },
      { layer: "base", action: "unchanged" as const, from: one, to: one, held: true, commits, between: [] },
      { layer: "cli", action: "unchanged" as const, from: one, to: one, held: false, commits, between: [] },
      { layer: "new", action: "new" as const, from: null, to: one, held: false, commits, between: undefined },
    ];
    assert.equal(
      promotionSummary({ from: "dev", layers }, "prod"),
      "dev → prod: 1 new, 1 promoted, 1 held of 4 layers",
    );
    assert.deepEqual(promotionLines({ from: "dev", layers }).join("\n").split("\n"), [
      "layer  action    from          to            commits",
      "─────  ────────  ────────────  ────────────  ───────",
      "app    promoted  111111111111  222222222222  1",
      "base   held      111111111111  111111111111  0",
      "new    new       –             111111111111  ?",
      "",
      "app:",
      "  0123456789ab Say hello?[31m",
    ]);
    assert.deepEqual(promotionSentences({ from: "dev", layers }), [
      "app promoted: 111111111111 → 222222222222, 1 commit (Say hello?[31m)",
      "base unchanged, held: 111111111111 → 111111111111, 0 commits",
      "new new: – → 111111111111",
    ]);
    assert.equal(promotionSummary({ from: "dev", layers: [] }, "prod"), "dev → prod: nothing to promote");
  });
});
