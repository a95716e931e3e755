import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { stepOf } from "../../../tools/stack/build-step";
import type { LayerProgress } from "../../../tools/stack/layer-events";
import { ProgressView, progressLines, type Screen } from "../../../tools/stack/progress";
import { keptText } from "../../../tools/stack/up";

const layer = (name: string, more: Partial<LayerProgress> = {}): LayerProgress => ({
  name,
  action: "changed",
  reasons: [],
  cutOff: undefined,
  seconds: undefined,
  failed: false,
  step: undefined,
  line: undefined,
  ...more,
});
const family = [
  layer("base", { seconds: 4 }),
  layer("tooling", { step: "mise 2/3 RUN npm ci", line: "#8 3.9 added 3 packages" }),
  layer("app"),
  layer("other", { action: "unchanged" }),
];

describe("the step of a build", () => {
  it("is read from BuildKit's lines", () => {
    const steps = {
      "#15 [linux/amd64 mise 2/3] RUN npm ci": "mise 2/3 RUN npm ci",
      "#15 [linux/amd64 2/3] RUN make": "2/3 RUN make",
      "#15 [2/3] RUN make": "2/3 RUN make",
      "#15 [stage-1 1/2] FROM docker.io/library/debian": "stage-1 1/2 FROM docker.io/library/debian",
      "#5 importing cache manifest from localhost:5443/a/base:cache": "reading the cache",
      "#13 exporting to image": "packing",
      "#13 pushing layers": "pushing",
      "#14 exporting cache to registry": "writing the cache",
    };
    for (const [line, step] of Object.entries(steps)) assert.equal(stepOf(line), step);
  });

  it("is not taken from what a step prints", () => {
    const lines = [
      "#8 3.897 Unpacking make ...",
      "#8 DONE 0.1s",
      "#8 CACHED",
      "pushing layers",
      "#8 1.2 [a 1/2] RUN b",
    ];
    for (const line of lines) assert.equal(stepOf(line), undefined, line);
  });
});

describe("the progress of an update", () => {
  it("tells what is in the making, what waits and what is done", () => {
    assert.deepEqual(
      progressLines(family, () => 61, 10),
      ["  tooling            61 s  mise 2/3 RUN npm ci: added 3 packages", "  1 done, 1 in the making, 1 in the queue"],
    );
    assert.deepEqual(
      progressLines([family[0] as LayerProgress], () => 0, 10),
      [],
    );
  });

  it("fits into a terminal of few lines", () => {
    const many = Array.from({ length: 40 }, (_, index) => layer(`l${index}`, { step: "build" }));
    const lines = progressLines(many, () => 0, 5);
    assert.equal(lines.length, 5);
    assert.equal(lines[3], "  and 37 more");
    assert.equal(lines[4], "  0 done, 40 in the making");
  });

  it("moves on a terminal, within its width, and leaves nothing but the lines that stay", async () => {
    const { screen, written } = recorded(true);
    const view = new ProgressView(screen);
    view.show(family);
    await sleep(700);
    view.keep("  base             pushed after 4.0 s");
    view.end();
    const text = written();
    assert.match(text, /mise 2\/3/);
    const visible = stripVTControlCharacters(text);
    for (const line of visible.split("\n")) assert.ok(line.length <= 40, line);
    assert.match(text, /base {13}pushed after/);
    // What hides the cursor shows it again.
    assert.equal(text.split("\x1b[?25l").length, text.split("\x1b[?25h").length);
  });

  it("is calm where nobody watches: lines that stay, and no escape sequence", async () => {
    const { screen, written } = recorded(false);
    const view = new ProgressView(screen);
    view.show(family);
    await sleep(700);
    view.keep("  base             pushed after 4.0 s");
    view.end();
    assert.equal(written(), "  base             pushed after 4.0 s\n");
  });
});

describe("an update that did not come to its end", () => {
  it("says what is kept, and what is still to be built", () => {
    const failed = [layer("base", { seconds: 4 }), layer("tooling", { seconds: 2, failed: true })];
    assert.equal(
      keptText(failed, [layer("base"), layer("tooling"), layer("app"), layer("other", { action: "unchanged" })]),
      "Pushed, and kept: base. Still to be built: tooling, app; the next up goes on with them.",
    );
    assert.equal(keptText([], []), "Nothing was pushed.");
    assert.equal(keptText([], [], ["app", "app", "base"]), "Copied or named, and kept: app, base.");
  });
});

function recorded(isTTY: boolean): { screen: Screen; written: () => string } {
  let text = "";
  const write = (chunk: string) => {
    text += chunk;
    return true;
  };
  return { screen: { write, isTTY, columns: 40, rows: 10 } as unknown as Screen, written: () => text };
}
