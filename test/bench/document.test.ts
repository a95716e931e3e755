import assert from "node:assert/strict";
import { documentOf } from "../../bench/document";
import { verdictsOf } from "../../bench/goals";
import type { Machine } from "../../bench/machine";
import { plotsOf, svgOf } from "../../bench/plots";
import type { Measured } from "../../bench/records";
import { resultsOf } from "../../bench/results";
import { type ContenderId, contenderIds, type MixChange } from "../../bench/schedule";
import { measured } from "./measured";

const machine: Machine = { cpu: "A CPU", cores: 2, memoryBytes: 16 * 2 ** 30, system: "Linux", tools: { node: "22" } };

/** Three runs, of which the middle one is the median. */
function three(change: Partial<Measured> & { readonly seconds: number }): Measured[] {
  return [0.9, 1, 1.2].map((factor, index) =>
    measured({
      ...change,
      seconds: change.seconds * factor,
      round: index + 1,
      pulledBytes: 2e6,
      pushedBytes: 5e5,
      images: 1,
      steps: 0,
    }),
  );
}

function mix(contender: ContenderId, seconds: Readonly<Record<MixChange, number>>): Measured[] {
  return Object.entries(seconds).flatMap(([what, seconds]) => three({ contender, what, seconds }));
}

const monolithic = { app: 200, configuration: 200, tool: 200, package: 200 };
const records: readonly Measured[] = [
  ...mix("a1", monolithic),
  ...mix("a2", { ...monolithic, app: 20 }),
  ...mix("b", { app: 10, configuration: 60, tool: 60, package: 200 }),
  ...mix("c", { app: 1, configuration: 1.5, tool: 15, package: 90 }),
  ...mix("e", { app: 2, configuration: 2.5, tool: 15, package: 80 }),
  ...three({ case: "cold", what: "first", contender: "c", seconds: 300 }),
  ...three({ case: "cold", what: "first", contender: "cz", seconds: 240 }),
  ...three({ case: "cold", what: "first", contender: "e", seconds: 330 }),
  ...three({ case: "noop", family: "layers100", what: "preview", seconds: 2 }),
  ...three({ case: "noop", family: "layers100", what: "up", seconds: 2.2 }),
  ...three({ case: "noop", family: "layers100", what: "bake", contender: "c", seconds: 9 }),
  ...three({ case: "full", what: "app", contender: "a1", seconds: 200 }),
  ...three({ case: "full", what: "app", contender: "e", seconds: 10 }),
  measured({ case: "cutoff", what: "rebuild", contender: "d", failed: "the change did not reach the image of app" }),
  measured({ case: "cutoff", what: "rebuild", contender: "e", seconds: 30, pulledBytes: 1, pushedBytes: 0, images: 0 }),
  ...three({ case: "noop", family: "layers3", what: "preview", seconds: 1.5 }),
  ...three({ case: "noop", family: "layers3", what: "bake", contender: "c", seconds: 0.5 }),
  measured({
    case: "profile",
    what: "preview",
    seconds: 0.003,
    phases: [
      ["first", 1],
      ["second", 2],
    ],
  }),
];

describe("results.json", () => {
  const results = resultsOf(records, "sindri", machine);

  it("has savings against (a1), 0 to 1, of each contender that was measured", () => {
    assert.deepEqual(Object.keys(results.mix), ["a1", "a2", "b", "c", "e"]);
    const { app, tooling, system, weighted, minutes } = results.mix.e ?? {};
    assert.equal(app?.toFixed(4), "0.9900");
    assert.equal(tooling?.toFixed(4), "0.9563");
    assert.equal(system?.toFixed(4), "0.6000");
    assert.equal(weighted?.toFixed(4), "0.9443");
    assert.equal(minutes?.toFixed(4), "0.9443");
    assert.equal(results.mix.a1?.weighted, 0);
  });

  it("has seconds of no-ops, and the ratio of first builds", () => {
    assert.deepEqual(results.noop, { 3: { preview: 1.5, bake: 0.5 }, 100: { preview: 2, up: 2.2, bake: 9 } });
    assert.equal(results.cold.sindri?.ratioToBake, 1.1);
    assert.equal(results.cold.sindri?.ratioToZstd, 1.375);
    assert.deepEqual(results.cold.layers100, {});
  });

  it("has what thirty changes save", () => {
    assert.equal(results.full.e?.saved?.toFixed(2), "0.95");
    assert.equal(results.full.e?.changes, 3);
  });

  it("has the medians of everything, with how many runs they are of", () => {
    const thing = results.things.find((one) => one.case === "mix" && one.contender === "b" && one.what === "tool");
    assert.deepEqual([thing?.seconds, thing?.runs], [60, 3]);
    const failed = results.things.find((one) => one.case === "cutoff" && one.contender === "d");
    assert.deepEqual([failed?.runs, failed?.failures.length], [0, 1]);
  });

  it("is JSON", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(results)), results);
  });
});

describe("goals", () => {
  const verdict = (of: readonly Measured[], what: RegExp) => {
    const found = verdictsOf(resultsOf(of, "sindri", machine), of).find((one) => what.test(one.what));
    assert.ok(found, `there is no goal ${what}`);
    return found;
  };

  it("are met or missed by what was measured", () => {
    assert.deepEqual(verdict(records, /mix, app/), {
      what: "the mix, app",
      goal: "≥ 98 % saved of (a1)",
      got: "99.0 %",
      met: true,
    });
    assert.equal(verdict(records, /^the first build of the chain, of bake's$/).met, false);
    assert.equal(verdict(records, /beside \(c\)/).met, true);
    const slow = [
      ...records.filter(({ contender }) => contender !== "e"),
      ...mix("e", { app: 4, configuration: 4, tool: 30, package: 90 }),
    ];
    assert.equal(verdict(slow, /beside \(c\)/).met, false);
    assert.equal(verdict(slow, /beside \(b\)/).met, true);
  });

  it("hold for each kind of change beside bake, whatever is won by others", () => {
    const behind = [
      ...records.filter(({ contender }) => contender !== "e"),
      ...mix("e", { app: 3, configuration: 2, tool: 15, package: 30 }),
    ];
    assert.equal(verdict(behind, /a change on average, beside \(c\)/).met, true);
    assert.equal(verdict(behind, /a file of app, beside \(c\)/).met, false);
    assert.equal(verdict(behind, /a Debian package, beside \(c\)/).met, true);
  });

  it("are open where nothing was measured", () => {
    assert.equal(verdict(records, /beside \(d\)/).met, undefined);
    assert.equal(verdict(records, /500 layers, preview/).met, undefined);
  });

  it("ask of a base that comes out the same for less time, and for fewer bytes", () => {
    const of = ["e", "b"].map((contender) => {
      const figures = contender === "e" ? { seconds: 20, pulledBytes: 9e6 } : { seconds: 30, pulledBytes: 5e6 };
      return measured({
        case: "cutoff",
        what: "rebuild",
        contender: contender as ContenderId,
        pushedBytes: 0,
        ...figures,
      });
    });
    assert.equal(verdict(of, /comes out the same, seconds, beside \(b\)/).met, true);
    assert.equal(verdict(of, /comes out the same, bytes, beside \(b\)/).met, false);
    assert.equal(verdict(of, /comes out the same, seconds, beside \(d\)/).met, undefined);
  });

  it("ask of growth that more layers take no more each", () => {
    const noop = (size: number, seconds: number) =>
      three({ case: "noop", family: `layers${size}`, what: "preview", seconds });
    const linear = [...noop(3, 1), ...noop(100, 2), ...noop(500, 6)];
    const worse = [...noop(3, 1), ...noop(100, 2), ...noop(500, 12)];
    assert.equal(verdict(linear, /preview, growth/).met, true);
    assert.equal(verdict(worse, /preview, growth/).met, false);
  });
});

describe("the benchmark's document", () => {
  const results = resultsOf(records, "sindri", machine);
  const pictures = { "mix.svg": "![the mix](mix.svg)" };
  const text = documentOf({ records, results, pictures });

  it("says first where Strata loses", () => {
    const [, first = ""] = text.split(/^## /m);
    assert.match(first, /^Where Strata loses\n/);
    assert.match(first, /\*\*the first build of the chain, of bake's\*\*: 1\.10 ×; the goal is ≤ 1 ×/);
    assert.doesNotMatch(first, /mix, app/);
    assert.match(first, /\| the mix: a file of app \| 2\.0 \| \(c\) bake 1\.0 \| 1\.0 s \|/);
    assert.match(first, /\| nothing changed, 3 layers: preview \| 1\.5 \| \(c\) bake 0\.5 \| 1\.0 s \|/);
    assert.doesNotMatch(first, /a Debian package \|/);
    assert.match(
      first,
      /What makes up for it: a Debian package in 80\.0 s, bake in 90\.0 s; finding out that nothing of 100 layers/,
    );
  });

  it("says so where it loses nothing", () => {
    const won = mix("a1", monolithic);
    const told = documentOf({ records: won, results: resultsOf(won, "sindri", machine), pictures: {} });
    assert.match(told.split(/^## /m)[1] ?? "", /^Where Strata loses\n\nNowhere, of what was measured\.\n/);
  });

  it("says what Strata pulls and pushes more of", () => {
    const of = (["e", "d", "b"] as const).map((contender, index) =>
      measured({ contender, what: "package", seconds: 1, pulledBytes: 9e6 - index * 1e6, pushedBytes: 1e6 }),
    );
    const told = documentOf({ records: of, results: resultsOf(of, "sindri", machine), pictures: {} });
    const row = "| the mix: a Debian package | 10.0 MB | (b) path filters, `-stable` tags 8.0 MB |";
    assert.ok(told.split(/^## /m)[1]?.includes(row), told);
  });

  it("has a section for each other case", () => {
    const more = [
      measured({ case: "fleet", family: "fleet", what: "service", seconds: 23 }),
      measured({ case: "big", family: "big", what: "file", seconds: 7 }),
      measured({
        case: "catalog",
        family: "catalog",
        what: "500",
        phases: [
          ["cold", 400],
          ["again", 300],
        ],
      }),
    ];
    const told = documentOf({ records: more, results: resultsOf(more, "sindri", machine), pictures: {} });
    assert.match(told, /## A fleet\n[^#]*An edit in one service:[^#]*\| \(e\) Strata \| 23\.0 \(1\) \|/);
    assert.match(told, /## A large context\n[^#]*One file changed:[^#]*\| \(e\) Strata \| 7\.0 \(1\) \|/);
    assert.match(told, /## Reading a catalog\n[^#]*\| 500 \| 20,000 \| 400 ms \| 300 ms \|/);
  });

  it("says what Strata failed at, and what takes it more memory", () => {
    const of = [
      measured({ case: "mix", what: "package", contender: "e", failed: "no" }),
      ...["e", "c"].map((contender) =>
        measured({
          ...{ case: "memory", family: "layers100", contender: contender as ContenderId },
          ...{ what: contender === "e" ? "up" : "bake", peakBytes: contender === "e" ? 4e8 : 1e8 },
        }),
      ),
    ];
    const told = documentOf({ records: of, results: resultsOf(of, "sindri", machine), pictures: {} });
    const [, first = ""] = told.split(/^## /m);
    assert.match(first, /What it failed at: the mix: a Debian package\./);
    assert.match(first, /\| memory, 100 layers: up \| 400\.0 MB \| 100\.0 MB \|/);
  });

  it("has figures, the published ones beside them, and the picture", () => {
    assert.match(text, /!\[the mix\]\(mix\.svg\)/);
    assert.match(text, /\| \(e\) Strata \| 2\.0 \| 2\.5 \| 15\.0 \| 80\.0 \|/);
    assert.match(text, /\| \(e\) Strata \| 99\.0 % \| 95\.6 % \| 60\.0 % \| 94\.4 % \| 9\.2 \|/);
    assert.match(text, /36\.75 minutes/);
  });

  it("tells how many runs a figure has where they are not three, and what failed", () => {
    assert.match(text, /\| \(e\) Strata \| 30\.0 \(1\) \|/);
    assert.match(text, /\| \(d\) docker-build provider \| failed \|/);
    assert.match(
      text,
      /## What failed\n\n- \(d\) docker-build provider, a base that comes out the same: the change did not reach/,
    );
  });

  it("leaves out what was not measured, and says at its head what that is", () => {
    assert.doesNotMatch(text, /## A fleet/);
    const [head = ""] = text.split(/^## /m);
    assert.match(head, /Not measured: .*the mix: a file of app \(c with zstd, d\); .*a fleet: one service \(b, c, /);
    assert.doesNotMatch(head, /thirty changes \([^)]*e/);
    assert.match(text, /\| the mix, a change on average, beside \(d\) \| less \| not measured \|/);
  });

  it("has the profile with its sum, every contender's commands, and the machine", () => {
    assert.match(text, /\| first \| 1 \|\n\| second \| 2 \|\n\| all \| 3 \|/);
    for (const id of ["(a1)", "(a2)", "(b)", "(c)", "(c, zstd)", "(d)", "(e)"]) {
      assert.ok(text.includes(`\n### ${id} `), id);
    }
    assert.match(text, /A CPU, 2 cores, 16 GiB of memory/);
    assert.doesNotMatch(text, /stand-in/);
    const replaced = resultsOf(records, "sindri", { ...machine, standIns: ["debian:12"] });
    assert.match(documentOf({ records, results: replaced, pictures: {} }), /stand-ins, .*, for debian:12\./);
  });

  it("has tables of which every row has as many cells as the head", () => {
    for (const [table] of text.matchAll(/(^\|.*\|\n)+/gm)) {
      const cells = table
        .trim()
        .split("\n")
        .map((line) => line.split(" | ").length);
      assert.equal(new Set(cells).size, 1, table);
    }
  });
});

describe("the benchmark's pictures", function () {
  this.timeout(60_000);
  const plots = plotsOf(records, "sindri");

  it("are those for which there are figures", () => {
    assert.deepEqual(
      plots.map(({ file }) => file),
      ["mix.svg", "cold.svg", "noop.svg"],
    );
    assert.deepEqual(plotsOf([], "sindri"), []);
  });

  it("are SVG with a text for who cannot see, in colours for the dark as well", async () => {
    for (const plot of plots) {
      const svg = await svgOf(plot);
      assert.match(svg, /^<svg [^>]*role="img"[^>]*><title>/);
      assert.ok(svg.includes(plot.about));
      assert.match(svg, /prefers-color-scheme: dark/);
      assert.doesNotMatch(svg, /NaN|undefined/);
      // Text that the style above does not reach would be black on black.
      for (const [text] of svg.matchAll(/<text [^>]*>/g)) assert.match(text, /fill="#1f2328"/, text);
    }
  });

  it("show every contender that was measured", async () => {
    const svg = await svgOf(plots[0] as (typeof plots)[number]);
    assert.match(svg, />Strata</);
    assert.match(svg, />one Dockerfile, no cache</);
    assert.doesNotMatch(svg, />docker-build provider</);
    assert.equal(contenderIds.length, 7);
  });
});
