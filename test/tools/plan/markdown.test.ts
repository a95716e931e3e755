import assert from "node:assert/strict";
import fc from "fast-check";
import type { PlannedLayer } from "../../../components/catalog/plan";
import { type Comment, planMarkdown } from "../../../tools/plan/markdown";

const layer = (name: string, reasons: readonly string[] = ["M file"]): PlannedLayer => {
  return { name, action: "build", reasons, seconds: 3, bytes: 5000, needs: [] };
};
const comment = (layers: Comment["layers"], more: Partial<Comment> = {}): Comment => {
  return { subject: "dev", summary: "1 of 3 layers: 1 build", layers, lines: [], warnings: [], ...more };
};

describe("a plan as a comment on a pull request", () => {
  it("begins with a line to find it by, and has a table and what else there is to say", () => {
    const text = planMarkdown(comment([layer("base")], { lines: ["Tests run: base"], warnings: ["old"] }));
    assert.deepEqual(text.split("\n"), [
      "<!-- strata plan dev -->",
      "",
      "**1 of 3 layers&#58; 1 build**",
      "",
      "| layer | action | about | pushes | why |",
      "| --- | --- | --- | --- | --- |",
      "| <code>base</code> | build | 3.0 s | 5 kB | <code>M file</code> |",
      "",
      "Tests run&#58; base",
      "",
      "> ⚠️ old",
    ]);
  });

  it("has no columns for what was not asked, and no table where nothing changes", () => {
    const text = planMarkdown(comment([{ name: "base", action: "build", reasons: [] }]));
    assert.match(text, /^\| layer \| action \| why \|$/m);
    assert.equal(planMarkdown(comment([])), "<!-- strata plan dev -->\n\n**1 of 3 layers&#58; 1 build**");
  });

  it("folds a long table", () => {
    const text = planMarkdown(comment(Array.from({ length: 9 }, (_, index) => layer(`l${index}`))));
    assert.match(text, /<details>\n<summary>9 layers, and why<\/summary>\n\n\| layer /);
    assert.match(text, /\|\n\n<\/details>$/);
  });

  it("means nothing in Markdown that a name has in it, whatever it is", () => {
    const nasty = [
      "M a|b`c``d",
      "M </code></table><b>",
      "M @everyone #1 [x](http://y) *z* \\|",
      "M a\nb\u202e--> _c_ ~~d~~",
    ];
    const text = planMarkdown(
      comment([layer("base", nasty)], { subject: "a-->b", lines: ["x | `y`"], warnings: ["<a>\n# b"] }),
    );
    assert.match(text, /^<!-- strata plan a\?\?\?b -->\n/);
    assert.equal(text.split("\n").length, 11);
    const body = text.slice(text.indexOf("| layer")).replace(/&#\d+;/g, "");
    assert.doesNotMatch(body, /[`@*_~[\]\\]|-->|<\/table|<b>|<a>|#1|:\/\//);
    const row = text.split("\n").find((line) => line.startsWith("| <code>base")) as string;
    assert.equal(row.split("|").length, 7);
  });

  it("keeps under what GitHub takes, and says how many layers it left out", () => {
    const reasons = Array.from({ length: 9 }, (_, index) => `M ${"|".repeat(300)}${index}`);
    const layers = Array.from({ length: 500 }, (_, index) => layer(`l${index}`, reasons));
    const long = "`".repeat(10_000);
    const text = planMarkdown(
      comment(layers, {
        lines: Array.from({ length: 4 }, () => long),
        warnings: Array.from({ length: 99 }, () => long),
      }),
    );
    assert.ok(text.length < 65_536, `${text.length}`);
    assert.match(text, /And \d+ more: `strata plan` prints them all\./);
    assert.match(text, /and 89 more/);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 150 }), { maxLength: 20 }), (names) => {
        const written = planMarkdown(comment(names.map((name) => layer(name, names))));
        const rows = written.split("\n").filter((line) => line.startsWith("| <code>"));
        assert.equal(rows.length, names.length);
        for (const row of rows) assert.equal(row.split("|").length, 7);
      }),
      { numRuns: 30 },
    );
  });
});
