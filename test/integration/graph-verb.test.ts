import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";

describe("strata graph", () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "strata-graph-"));
    for (const [name, dockerfile] of [
      ["base", "FROM scratch\nCOPY a /a\n"],
      ["app", "FROM base\nCOPY a /b\n"],
    ] as const) {
      mkdirSync(join(folder, "images", name), { recursive: true });
      writeFileSync(join(folder, "images", name, "Dockerfile"), dockerfile);
      writeFileSync(join(folder, "images", name, "a"), "a");
    }
    const git = (...args: string[]) => execa("git", args, { cwd: folder, timeout: 30_000 });
    await git("init", "--quiet");
    await git("add", ".");
    await git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "first");
    writeFileSync(join(folder, "images/base/a"), "b");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const strata = (args: string[], input = "") =>
    execa(join(root, "bin/strata"), args, { cwd: folder, reject: false, timeout: 60_000, input });

  it("draws what a change in git means, and what strata plan --json prints of it, alike", async () => {
    const direct = await strata(["graph", "--images", "images", "--format", "dot"]);
    assert.match(direct.stdout, /"layer-base" \[id="layer-base", class="build"/);
    assert.match(direct.stdout, /"layer-app" \[id="layer-app", class="build"/);
    assert.match(direct.stdout, /"layer-base" -> "layer-app" \[id="layer-base:layer-app", class="moves"/);
    const plan = await strata(["plan", "--images", "images", "--json"]);
    const piped = await strata(["graph", "--plan", "-", "--format", "dot"], plan.stdout);
    const layers = (dot: string) => dot.split("\n").filter((line) => line.includes('"layer-'));
    assert.deepEqual(layers(piped.stdout), layers(direct.stdout));
    const alone = await strata(["graph", "--images", "images", "--no-plan", "--format", "dot"]);
    assert.match(alone.stdout, /"layer-base" \[id="layer-base", class="plain"/);
  });

  it("writes what a file's ending says, and SVG to standard output", async () => {
    const plan = JSON.stringify({ version: 1, layers: [{ name: "a", action: "new", reasons: [] }] });
    writeFileSync(join(folder, "plan.json"), plan);
    const page = await strata(["graph", "--plan", "plan.json", "-o", "family.html"]);
    assert.deepEqual([page.stdout, page.stderr, page.exitCode], ["", "", 0]);
    assert.match(readFileSync(join(folder, "family.html"), "utf8"), /^<!doctype html>/);
    const { stdout } = await strata(["graph", "--plan", "plan.json"]);
    assert.match(stdout, /^<svg [\s\S]*<\/svg>$/);
  });

  it("says what is wrong with what it was asked, and writes nothing", async () => {
    for (const [args, why] of [
      [["-o", "images", "--format", "svg"], /images: is a folder; name a file in it/],
      [["-o", "family.png"], /family\.png: the ending says no format; use \.svg, \.html, \.dot, or --format/],
      [["-o", "nowhere/family.svg"], /nowhere\/family\.svg: there is no such folder/],
      [["--plan", "nowhere.json"], /nowhere\.json: cannot be read/],
      [["--plan", "-"], /standard input: is empty; expected what strata plan --json prints/],
    ] as const) {
      const { stdout, stderr, exitCode } = await strata(["graph", ...args]);
      assert.deepEqual([stdout, exitCode], ["", 1], args.join(" "));
      assert.match(stderr, why);
    }
    assert.ok(!existsSync(join(folder, "nowhere")) && existsSync(join(folder, "images/base/a")));
  });
});
