import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { builtLayers } from "../../tools/stack/built-layers";
import { assertEnded, slowStep, stepRuns, told, typed } from "./interrupting";
import { Project } from "./project";
import { strataIn } from "./strata-copy";

const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nCOPY file /file\n",
  "images/base/file": `${randomUUID()}\n`,
  "images/app/Dockerfile": "FROM base\nCOPY --link file /app\nRUN echo $(cat /app) > /made\n",
  "images/app/file": "app\n",
};
const slow = `FROM base\nCOPY --link file /app\n${slowStep}\n`;
/** What docs/guide/plan.md promises to programs of each layer. */
const promised = ["action", "cutOff", "failed", "name", "reasons", "seconds", "tests"];

describe("strata up", function () {
  this.timeout(5 * 60_000);
  let project: Project;
  let strata: ReturnType<typeof strataIn>;
  before(async () => {
    project = await Project.make(family);
    strata = strataIn(project);
  });
  after(() => project?.remove());

  it("shows the plan, and builds nothing where nobody can be asked", async () => {
    const { exitCode, stdout, stderr } = await strata("up");
    assert.equal(exitCode, 1);
    assert.match(stdout, /2 of 2 layers: 2 new/);
    assert.match(stderr, /give --yes/);
    assert.deepEqual(await project.digests(), {});
  });

  it("tells of each layer in a line when it begins and one when it is pushed, and at the end what was expected", async () => {
    const { exitCode, stdout, stderr } = await strata("up", "--yes");
    assert.equal(exitCode, 0, stderr);
    const lines = [
      "base +new",
      "base +pushed after",
      "app +new",
      "app +pushed after",
      "Expected: 2 built",
      "Done: 2 built",
    ];
    for (const line of lines) assert.match(stdout, new RegExp(`^ +${line}`, "m"));
    assert.equal(stdout, stripVTControlCharacters(stdout));
    assert.deepEqual(Object.keys(await project.digests()).sort(), ["app", "base"]);
  });

  it("loads neither ts-node nor TypeScript for its program", async () => {
    const loaded = join(project.folder, "loaded.json");
    project.write(
      "loaded.cjs",
      `if (/cmd.run/.test(process.argv[1])) process.on("exit", () =>
        require("node:fs").writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(Object.keys(require.cache))));\n`,
    );
    await project.preview({ NODE_OPTIONS: `--require=${join(project.folder, "loaded.cjs")}` });
    const files = JSON.parse(readFileSync(loaded, "utf8")) as string[];
    assert.ok(files.some((file) => file.endsWith("/components/family.ts")));
    assert.deepEqual(
      files.filter((file) => /node_modules\/(ts-node|typescript)\//.test(file)),
      [],
    );
  });

  it("has nothing to do then, and says so to programs too", async () => {
    const { stdout } = await strata("up", "--yes");
    assert.match(stdout, /0 of 2 layers: nothing to build/);
    const { stdout: json } = await strata("up", "--yes", "--json");
    assert.deepEqual(JSON.parse(json), { version: 1, stack: "local", layers: [], lastUpdate: null });
    assert.equal((await strata("plan", "--exit-code")).exitCode, 0);
  });

  it("tells programs what became of each layer", async () => {
    project.write("images/app/file", "edited\n");
    assert.equal((await strata("plan", "--exit-code")).exitCode, 2);
    assert.equal((await strata("plan")).exitCode, 0);
    const { stdout, stderr } = await strata("up", "--yes", "--json");
    const { layers, lastUpdate } = JSON.parse(stdout);
    assert.deepEqual(lastUpdate.actual.built, ["app"]);
    const app = layers.find(({ name }: { name: string }) => name === "app");
    assert.deepEqual([app.action, app.reasons, app.failed], ["changed", ["M file"], false]);
    for (const key of layers.flatMap(Object.keys)) assert.ok(promised.includes(key), key);
    assert.match(stderr, /app +pushed after/);
  });

  it("passes an interruption on, stops the build, and says what is kept", async () => {
    project.write("images/base/file", `${randomUUID()}\n`);
    project.write("images/app/Dockerfile", slow);
    const run = execa(join(project.folder, "bin/strata"), ["up", "--yes"], {
      env: project.env,
      reject: false,
      stdin: "ignore",
      timeout: 120_000,
    });
    await told(run.stdout, /base +pushed after/);
    await stepRuns(true);
    run.kill("SIGTERM");
    await assertKept(await run);
  });

  it("ends at Ctrl-C on a terminal, however narrow, and shows which step ran and what waits", async () => {
    project.write("images/top/Dockerfile", "FROM app\nCOPY file /top\n");
    project.write("images/top/file", "top\n");
    const text = await interrupted();
    project.delete("images/top");
    assert.match(text, /Still to be built: app, top;/);
    assert.match(text, /^ {2}0 done, 1 in the making, 1 in the queue/m);
    // The step is clipped to the terminal's width.
    const steps = text.split(/[\r\n]+/).filter((line) => /^ {2}app .* 2\/3 RUN/.test(line));
    assert.ok(steps.length > 0, text);
    for (const line of steps) assert.ok(line.length < 50, line);
    await assertUnbuilt();
  });

  it("lets Pulumi end in order at Ctrl-C where its input is no terminal", async () => {
    await interrupted("</dev/null");
    await assertUnbuilt();
  });

  it("changes nothing upon Ctrl-C at the question, nor upon Ctrl-D", async () => {
    const before = await project.digests();
    const asked = (key: string) =>
      typed(project, "bin/strata up", key, (stdout) => told(stdout, /on the stack local\? \(yes\/no\) /));
    const stopped = await asked("\u0003");
    assert.equal(stopped.exitCode, 130, stopped.text);
    assert.match(stopped.text, /^strata: interrupted; nothing was changed$/m);
    const ended = await asked("\u0004");
    assert.equal(ended.exitCode, 1, ended.text);
    assert.match(ended.text, /^Nothing was changed\.$/m);
    assert.deepEqual(await project.digests(), before);
  });

  /** Presses Ctrl-C on a terminal while the step of app runs. @returns what was on it */
  async function interrupted(redirection = ""): Promise<string> {
    const command = `stty cols 50 rows 12; bin/strata up --yes ${redirection}`;
    const { exitCode, text } = await typed(project, command, "\u0003", async (stdout) => {
      await told(stdout, /2\/3 RUN/);
      await stepRuns(true);
    });
    assert.equal(exitCode, 130, text);
    const log = readFileSync(join(project.folder, ".strata/logs/up-local.log"), "utf8");
    assert.doesNotMatch(log, /received; terminating/);
    assert.match(text, /Nothing was pushed\.\s+Still to be built: app/);
    return text;
  }

  async function assertKept({ exitCode, stderr }: { exitCode?: number | undefined; stderr: string }): Promise<void> {
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /Pushed, and kept: base\. Still to be built: app; the next up goes on with them\./);
    await assertUnbuilt();
  }

  async function assertUnbuilt(): Promise<void> {
    await assertEnded(project);
    assert.match((await strata("plan")).stdout, /1 of 2 layers/);
  }
});

describe("strata up after an update that failed", function () {
  this.timeout(5 * 60_000);
  let project: Project;
  let strata: ReturnType<typeof strataIn>;
  const right = `FROM alpine:3.22\nRUN : ${randomUUID()} && head -c 200000 /dev/urandom > /big\n`;
  before(async () => {
    project = await Project.make({
      "images/left/Dockerfile": "FROM scratch\nCOPY file /file\n",
      "images/left/file": `${randomUUID()}\n`,
      "images/right/Dockerfile": right,
      "images/right/image.yaml": "sizeBudget: 100 kB\n",
    });
    strata = strataIn(project);
  });
  after(() => project?.remove());

  const up = () => strata("up", "--yes");
  const why = /^Besides: update the output layers, .*failed$/m;

  it("tells other stacks of what is there, once an image keeps its budget", async () => {
    assert.equal((await up()).exitCode, 1);
    assert.deepEqual(await project.layers(), {});
    project.write("images/right/image.yaml", "sizeBudget: 1 MB\n");
    const { exitCode, stdout, stderr } = await up();
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^0 of 2 layers: nothing to build$/m);
    assert.match(stdout, why);
    assert.deepEqual(Object.keys(await project.layers()).sort(), ["left", "right"]);
  });

  it("and of what was built beside what failed, when that is taken back", async () => {
    const before = await project.layers();
    project.write("images/left/file", `${randomUUID()}\n`);
    project.write("images/right/Dockerfile", "FROM alpine:3.22\nRUN false\n");
    const failed = await strata("up", "--yes", "--json");
    assert.equal(failed.exitCode, 1);
    assert.match(failed.stderr, /Pushed, and kept: left\./);
    const { layers, lastUpdate } = JSON.parse(failed.stdout);
    const outcomes = layers.map((layer: { name: string; failed: boolean }) => [layer.name, layer.failed]);
    assert.deepEqual(Object.fromEntries(outcomes), { left: false, right: true });
    for (const key of layers.flatMap(Object.keys)) assert.ok(promised.includes(key), key);
    assert.equal(lastUpdate, null);
    assert.deepEqual(await project.layers(), before);
    project.write("images/right/Dockerfile", right);
    const { exitCode, stderr } = await up();
    assert.equal(exitCode, 0, stderr);
    const { left, right: taken } = await project.layers();
    assert.deepEqual(taken, before.right, "all that is known of its last build");
    assert.notEqual(left?.digest, before.left?.digest);
    const built = await builtLayers(project.stackName, project.env, project.folder);
    assert.equal(left?.ref, built.get("left"));
  });

  it("has nothing to do when all is told", async () => {
    const { stdout } = await up();
    assert.equal(stdout, "0 of 2 layers: nothing to build");
  });
});
