import assert from "node:assert/strict";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { buildId } from "../../components/catalog/build-id";
import { startDaemon, stopDaemon } from "../../tools/services/daemon";
import { registryDaemon } from "../../tools/services/registry";
import { registryPort } from "../../tools/services/services";
import { commitImageSchema, type Difference, differenceSchema, type Why, whySchema } from "../../tools/why/shape";
import { home, Project } from "./project";
import { type Answer, strataIn } from "./strata-copy";

const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nCOPY etc /etc/\n",
  "images/base/etc/motd": "hello\n",
  "images/app/Dockerfile":
    "ARG WORD\nFROM base\nARG WORD\nRUN --mount=type=secret,id=token echo $WORD > /word; rm /etc/motd\nCOPY run /run\nENV MODE=one\nUSER 1000\n",
  "images/app/image.yaml": "description: What people use\narguments: { WORD: one }\nrebuild: 2\nsizeBudget: 5 MB\n",
  "images/app/run": "run\n",
};

describe("strata why", () => {
  let project: Project;
  let strata: (...args: string[]) => Promise<Answer>;
  let first: string;
  /** The digests of app before and after it was changed. */
  let images: readonly [string, string];
  before(async () => {
    project = await Project.make(family, { secrets: { token: "secret" } });
    await project.run("pulumi", "config", "set", "--path", 'strata:labels["team"]', "images");
    strata = strataIn(project);
    project.write(".gitignore", "/*\n!/images\n!/upstreams.yaml\n!/README.md\n!/.gitignore\n");
    await git("init", "--quiet", "--initial-branch=main");
    first = await commit("first");
    await project.up();
  });
  after(() => project?.remove());

  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    return (await execa("git", [...identity, ...args], { cwd: project.folder, timeout: 30_000 })).stdout;
  };
  const commit = async (message: string, files: Readonly<Record<string, string>> = {}) => {
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    await git("add", "--all");
    await git("commit", "--quiet", "--message", message);
    return git("rev-parse", "HEAD");
  };
  const why = async (layer: string): Promise<Why> => {
    const { stdout, stderr, exitCode } = await strata("why", layer, "--json");
    assert.equal(exitCode, 0, stderr);
    return whySchema.parse(JSON.parse(stdout));
  };
  const difference = async (...args: string[]): Promise<Difference> => {
    const { stdout, stderr, exitCode } = await strata("why", "app", ...args, "--json");
    assert.equal(exitCode, 0, stderr);
    return differenceSchema.parse(JSON.parse(stdout));
  };

  it("tells all that an image is made of: its build id can be computed from it", async () => {
    const [base, app] = [await why("base"), await why("app")];
    for (const { ingredients, image } of [base, app]) {
      const files = ingredients.files.map(({ hash, mode, path }) => `${hash} ${mode} ${path}\n`).join("");
      const parents = ingredients.parents as Record<string, string>;
      assert.equal(buildId({ ...ingredients, files, parents }), image?.buildId);
    }
    const { base: built, app: above } = await project.layers();
    assert.deepEqual(app.parents, [{ name: "base", kind: "layer", digest: built?.digest }]);
    assert.equal(base.parents[0]?.kind, "upstream");
    assert.equal(app.image?.digest, above?.digest);
    assert.deepEqual(
      Object.keys(app.ingredients.options).filter((key) => /^secret|team/.test(key)),
      ["label:team", "secret:token"],
    );
    assert.deepEqual([app.changes, app.uncommitted, app.notes], [[], [], []]);
    assert.deepEqual([app.last?.commit, app.last?.subject, app.built?.commit], [first, "first", first]);
    assert.ok((app.built?.seconds ?? 0) > 0 && (app.built?.addedBytes ?? 0) > 0 && (app.built?.sizeBytes ?? 0) > 0);
  });

  it("names the tags and the stacks that hold the image", async () => {
    const { image } = await why("app");
    const repository = image?.ref.split("@")[0] as string;
    await project.run("regctl", "image", "copy", `${image?.ref}`, `${repository}:stable`);
    // Another stack of the project, whose state is this one's under another name.
    const state = await project.run("pulumi", "stack", "export");
    await project.run("pulumi", "stack", "init", "copy", "--no-select");
    const file = join(project.folder, "copy.json");
    writeFileSync(file, state.replaceAll("urn:pulumi:local::", "urn:pulumi:copy::"));
    await project.run("pulumi", "stack", "import", "--stack", "copy", "--file", file);
    rmSync(file);
    const { tags, stacks } = await why("app");
    assert.deepEqual([...(tags ?? [])].sort(), [`b-${image?.buildId}`, "stable"]);
    assert.deepEqual(stacks, ["local", "copy"]);
  });

  it("prints it for people, without colour", async () => {
    const { stdout } = await strata("why", "app");
    assert.match(stdout, /^image +localhost:\d+\/\w+\/app@sha256:[0-9a-f]{64}$/m);
    assert.match(stdout, /^now +would not change$/m);
    assert.match(stdout, /^files +644 {3}run$/m);
    assert.ok(!stdout.includes("\u001b"));
  });

  it("says why an update would build it, in the words of a plan", async () => {
    project.write("images/base/etc/motd", "bye\n");
    const [base, app] = [await why("base"), await why("app")];
    assert.deepEqual([base.changes, app.changes], [["M etc/motd"], ["parent base"]]);
    assert.deepEqual([base.uncommitted, app.uncommitted], [["M etc/motd"], ["parent base"]]);
  });

  it("of two images tells what differs: ingredients, steps, configuration, layers, and files within these", async () => {
    const before = (await why("app")).image?.digest as string;
    project.write("images/app/Dockerfile", "FROM base\nCOPY run more /run/\nENV MODE=two\nUSER 1001\n");
    project.write("images/app/more", "more\n");
    project.write("images/app/image.yaml", "rebuild: 2\n");
    await commit("second");
    await project.up();
    const after = (await why("app")).image?.digest as string;
    images = [before, after];
    const told = await difference(before.slice(7, 17), after);
    assert.deepEqual([told.first.digest, told.second.digest, told.platform], [before, after, "linux/amd64"]);
    assert.deepEqual([told.first.commit, told.first.stack, told.second.stack], [first, "copy", "local"]);
    assert.deepEqual(
      told.ingredients?.filter((reason) => !reason.startsWith("label")),
      ["M Dockerfile", "A more", "argument WORD", "parent base"],
    );
    const config = new Map(told.config.map(({ key, ...change }) => [key, change]));
    assert.deepEqual(config.get("User"), { before: "1000", after: "1001" });
    assert.deepEqual(config.get("Env.MODE"), { before: "one", after: "two" });
    assert.ok(told.steps.some(({ in: where, step }) => where === "first" && step.includes("rm /etc/motd")));
    assert.ok(told.steps.some(({ in: where, step }) => where === "second" && step.includes("COPY run more /run/")));
    const [shared, ...own] = told.layers;
    assert.equal(shared?.in, "both", "that of the upstream");
    assert.deepEqual(new Set(own.map((layer) => layer.in)), new Set(["first", "second"]));
    // Where builders mount these for a step, they leave folders.
    const files = told.files?.filter(({ path }) => !["dev", "proc", "sys"].includes(path));
    const changed = files?.map(({ change, path, of }) => [change, path, ...of].join(" "));
    // The first image's own layer took the file away that the second one's base has.
    assert.deepEqual(changed, ["A etc/motd", "M run kind", "A run/more", "A run/run", "D word"]);
    const { stdout } = await strata("why", "app", before, after);
    assert.match(stdout, /^A run\/more {2}5 bytes$/m);
    assert.match(stdout, /^built from +M Dockerfile, A more/m);
  });

  it("reads no more of layers than it is told to, and compares a platform that both images have", async () => {
    const [old, now] = images;
    assert.deepEqual((await difference(now, now)).files, [], "of one and the same");
    const limited = await strata("why", "app", old, now, "--limit", "0.001 kB", "--json");
    const { files, notes } = differenceSchema.parse(JSON.parse(limited.stdout));
    assert.equal(files, null);
    assert.match(notes.join(), /not compared: the layers that differ have .*--limit is/);
    const other = await strata("why", "app", old, now, "--platform", "linux/arm64");
    assert.equal(other.exitCode, 1);
    assert.match(other.stderr, /both images have linux\/amd64, and not linux\/arm64/);
  });

  it("tells which image a commit stands for, once its build has the commit's tag", async () => {
    const asked = await commit("words", { "README.md": "words\n" });
    const [changed, { image }] = [(await why("app")).last?.commit as string, await why("app")];
    assert.notEqual(changed, asked);
    const of = async (ref: string) => {
      const { stdout, stderr, exitCode } = await strata("why", "app", "--commit", ref, "--json");
      assert.equal(exitCode, 0, stderr);
      return commitImageSchema.parse(JSON.parse(stdout));
    };
    const before = await of("HEAD");
    assert.deepEqual([before.commit.commit, before.changed.commit, before.digest], [asked, changed, null]);
    const repository = image?.ref.split("@")[0] as string;
    await project.run("regctl", "image", "copy", `${image?.ref}`, `${repository}:${changed}`);
    assert.equal((await of("main")).digest, image?.digest);
    assert.equal((await of(changed.slice(0, 10))).ref, image?.ref);
    assert.equal((await of(first)).digest, null, "an earlier image");
    const { stdout } = await strata("why", "app", "--commit", "HEAD");
    assert.match(stdout, /^image +localhost:\d+\/\w+\/app@sha256:[0-9a-f]{64}$/m);
  });

  it("refuses what there is not, with the nearest and what to do", async () => {
    const cases: [string[], RegExp][] = [
      [["ap"], /there is no layer "ap" .*did you mean app\?/],
      [["ap", "aaaaaaaa", "bbbbbbbb"], /there is no layer "ap" .*did you mean app\?/],
      [["app", "--commit", "nope"], /--commit: there is no commit "nope"/],
      [["app", "00000000", "11111111", "--commit", "HEAD"], /give --commit or two digests/],
      [["app", "00000000"], /give two digests to compare, or none/],
      [["app", `${"0".repeat(64)}`, `${"1".repeat(64)}`], /sha256:[01]{64}: the registry does not have it$/m],
      [["app", "--stack", "nowhere"], /Pulumi\.nowhere\.yaml: no such file/],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stderr } = await strata("why", ...args);
      assert.equal(exitCode, 1, args.join(" "));
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /, "no trace");
    }
  });

  it("says that nobody is logged in, and how to", async () => {
    const docker = join(project.folder, ".strata/docker");
    const { image } = await why("app");
    rmSync(docker);
    cpSync(home.docker, docker, { recursive: true });
    writeFileSync(join(docker, "config.json"), "{}");
    try {
      const { notes, tags } = await why("app");
      assert.equal(tags, null);
      assert.match(notes.join(), /the tags are not known: .*log in with: docker login localhost:\d+/);
      const digest = image?.digest as string;
      const { exitCode, stderr } = await strata("why", "app", digest, digest);
      assert.equal(exitCode, 1);
      assert.match(stderr, /log in with: docker login localhost/);
    } finally {
      rmSync(docker, { recursive: true });
      strata = strataIn(project);
    }
  });

  it("answers without the registry, and says what it does not know", async () => {
    await stopDaemon("registry", home);
    try {
      const { tags, notes, image, changes } = await why("app");
      assert.deepEqual([tags, changes], [null, []]);
      assert.ok(image);
      assert.match(notes.join(), /the tags are not known: .*connection refused/);
    } finally {
      await startDaemon(registryDaemon(home, registryPort(home)), home);
    }
  });

  it("tells of a layer that is not built yet, and of one that is no longer there", async () => {
    project.write("images/more/Dockerfile", "FROM base\nCOPY file /\n");
    project.write("images/more/file", "more\n");
    const more = await why("more");
    assert.deepEqual([more.image, more.tags, more.stacks, more.changes], [null, null, [], ["new"]]);
    assert.deepEqual(
      more.ingredients.files.map(({ path }) => path),
      ["file"],
    );
    project.delete("images/more");
    project.delete("images/app");
    const gone = await why("app");
    assert.ok(gone.image);
    assert.deepEqual(gone.changes, ["no folder of images has it any more: an update forgets it"]);
  });
});
