import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readCatalog } from "../../../components/catalog/catalog";
import { testFileSchema } from "../../../components/catalog/image-test-file";
import {
  countOfAll,
  type LayerTests,
  readOwnTests,
  readTests,
  type TestChoice,
  untestedBy,
} from "../../../components/catalog/image-tests";
import { stageTests, testDockerfile, testsText } from "../../../components/catalog/stage-tests";
import { withFolder } from "./folder";

const one = "commands: [{ run: 'true' }]\n";

/** Of the layers that have any: `layer/file` of what their images must pass. */
function testsIn(files: Record<string, string>, choice: TestChoice = "quick"): Record<string, string[]> {
  return withFolder(files, (folder) => {
    const images = join(folder, "images");
    const catalog = readCatalog({ images, upstreams: new Map(), pinsFile: undefined, platforms: ["linux/amd64"] });
    const names = (tests: readonly LayerTests[]) =>
      tests.flatMap(({ layer, runs }) => runs.map(({ file }) => `${layer}/${file}`));
    return Object.fromEntries([...readTests(catalog, choice)].map(([layer, tests]) => [layer, names(tests)]));
  });
}

describe("the tests that an image must pass", () => {
  const family = {
    "images/base/Dockerfile": "FROM scratch\nCOPY a /\n",
    "images/base/a": "a",
    "images/base/tests/base.yaml": one,
    "images/tooling/Dockerfile": "FROM base\nUSER 1\n",
    "images/app/Dockerfile": "FROM tooling\nCOPY --from=side /b /\n",
    "images/app/tests/app.yaml": one,
    "images/app/tests/slow.yaml": `slow: true\n${one}`,
    "images/app/tests/data/not-run.yaml": "no test",
    "images/app/tests/notes.md": "not run",
    "images/side/Dockerfile": "FROM scratch\nCOPY b /\n",
    "images/side/b": "b",
    "images/side/tests/side.yaml": one,
    "images/untested/Dockerfile": "FROM scratch\nUSER 1\n",
  };

  it("are those of all layers on whose filesystem it stands, the lowest first, and its own", () => {
    assert.deepEqual(testsIn(family), {
      base: ["base/base.yaml"],
      tooling: ["base/base.yaml"],
      app: ["base/base.yaml", "app/app.yaml"],
      side: ["side/side.yaml"],
    });
  });

  it("have slow ones among them where these are asked for", () => {
    assert.deepEqual(testsIn(family, "all").app, ["base/base.yaml", "app/app.yaml", "app/slow.yaml"]);
    assert.deepEqual(testsIn(family, "none"), {});
  });

  it("are none run of where all are slow and slow ones are not asked for, or none are", () => {
    const slow = { ...family, "images/side/tests/side.yaml": `slow: true\n${one}` };
    const untested = (choice: TestChoice) =>
      withFolder(slow, (folder) => {
        const images = join(folder, "images");
        const catalog = readCatalog({ images, upstreams: new Map(), pinsFile: undefined, platforms: ["linux/amd64"] });
        return [...untestedBy(readTests(catalog, choice), catalog)].sort();
      });
    assert.deepEqual(untested("all"), []);
    assert.deepEqual(untested("quick"), ["side"]);
    assert.deepEqual(untested("none"), ["app", "base", "side", "tooling"]);
  });

  it("are no part of what the image is built from", () => {
    withFolder(family, (folder) => {
      const images = join(folder, "images");
      const catalog = readCatalog({ images, upstreams: new Map(), pinsFile: undefined, platforms: ["linux/amd64"] });
      assert.deepEqual(catalog.flatMap(({ files }) => files.map(({ path }) => path)).sort(), ["a", "b"]);
    });
  });

  it("are told to be wrong all at once", () => {
    const files = { ...family, "images/app/tests/app.yaml": "a: 1\n", "images/base/tests/base.yaml": "b: 1\n" };
    assert.throws(() => testsIn(files), /base\.yaml:1: b: there is no such key.*\n.*app\.yaml:1: a: there is no such/);
  });
});

describe("a folder of tests", () => {
  const read = (files: Record<string, string>, executable?: string) =>
    withFolder(files, (folder) => {
      if (executable) chmodSync(join(folder, executable), 0o755);
      return readOwnTests(folder);
    });

  it("may be missing", () => {
    assert.deepEqual(readOwnTests("no/such/tests"), { files: [], runs: [] });
  });

  it("has files of tests, scripts, and what these use", () => {
    const { files, runs } = read({ "a.yaml": one, "b.sh": "#!/bin/sh\n", "lib/c.sh": "" }, "b.sh");
    assert.deepEqual(
      files.map(({ mode, path }) => `${mode} ${path}`),
      ["644 a.yaml", "755 b.sh", "644 lib/c.sh"],
    );
    assert.deepEqual(runs, [
      { file: "a.yaml", tests: { commands: [{ run: "true" }] } },
      { file: "b.sh", tests: undefined },
    ]);
  });

  const mistakes: [string, Record<string, string>, RegExp][] = [
    ["a script that cannot be executed", { "b.sh": "" }, /b\.sh: cannot be executed; chmod \+x/],
    ["a file that would not run", { "a.yml": one }, /a\.yml: would not run; rename it to \.yaml/],
    ["a file without a test", { "a.yaml": "network: true\n" }, /a\.yaml: has no test; give it files/],
    [
      "a mode that is a number",
      { "a.yaml": "files:\n  /a: { mode: 0644 }\n" },
      /a\.yaml:2: files\.\/a\.mode: expected text/,
    ],
    ["a mode of three digits", { "a.yaml": "files:\n  /a: { mode: '644' }\n" }, /mode: expected four octal digits/],
    ["a relative path", { "a.yaml": "files: { a: {} }\n" }, /files\.a: .*/],
    [
      "a file that is not there and has a mode",
      { "a.yaml": "files: { /a: { exists: false, mode: '0644' } }\n" },
      /not be there/,
    ],
    ["a command as text", { "a.yaml": "commands:\n  - ls\n" }, /a\.yaml:2: commands\.0: /],
    [
      "an exit code that there is not",
      { "a.yaml": "commands:\n  - { run: a, exitCode: 256 }\n" },
      /commands\.0\.exitCode/,
    ],
    ["a user to run as with spaces", { "a.yaml": `as: a b\n${one}` }, /a\.yaml:1: as: expected a user/],
    ["a port that is none", { "a.yaml": "ports: { http: { run: a } }\n" }, /ports\.http/],
  ];
  for (const [what, files, message] of mistakes) {
    it(`may not have ${what}`, () => assert.throws(() => read(files), { name: "InputError", message }));
  }

  it("has a JSON Schema for editors that is the one it is checked with", () => {
    const file = join(__dirname, "../../../components/catalog/image-tests.schema.json");
    assert.deepEqual(
      JSON.parse(readFileSync(file, "utf8")),
      JSON.parse(JSON.stringify(z.toJSONSchema(testFileSchema))),
    );
  });
});

describe("a run of tests", () => {
  const tests = (layer: string, folder: string): LayerTests => ({
    layer,
    folder,
    files: [{ path: "a.yaml", mode: "644", hash: "1" }],
    runs: [
      { file: "a.yaml", tests: { commands: [{ run: "true" }, { run: "false", exitCode: 1 }] } },
      { file: "b.yaml", tests: { as: "root", network: true, users: { root: {} } } },
      { file: "c.sh", tests: undefined },
    ],
  });

  it("has a stage for each file, without a network and as the image's own user where the file does not say otherwise", () => {
    assert.equal(
      testDockerfile([tests("base", "")]),
      `FROM image AS t0
RUN --network=none --mount=type=bind,source=base,target=/.strata/base ["/bin/sh","/.strata/base/run/a.yaml"]
WORKDIR /.strata-passed
FROM image AS t1
USER root
RUN --network=default --mount=type=bind,source=base,target=/.strata/base ["/bin/sh","/.strata/base/run/b.yaml"]
WORKDIR /.strata-passed
FROM image AS t2
RUN --network=none --mount=type=bind,source=base,target=/.strata/base ["/bin/sh","/.strata/base/run/c.sh"]
WORKDIR /.strata-passed
FROM scratch
COPY --from=t0 /.strata-passed /t0
COPY --from=t1 /.strata-passed /t1
COPY --from=t2 /.strata-passed /t2
`,
    );
  });

  it("counts a script as one, and is told by the files that it is made of", () => {
    assert.equal(countOfAll([tests("base", ""), tests("app", "")]), 8);
    assert.equal(testsText([tests("base", ""), tests("app", "")]), "1 644 base/a.yaml\n1 644 app/a.yaml\n");
  });

  it("is laid out under a name of its contents", () => {
    withFolder({ "tests/a.yaml": one }, (folder) => {
      const staging = join(folder, "staging");
      const first = stageTests("app", [tests("base", join(folder, "tests"))], staging);
      assert.deepEqual(stageTests("app", [tests("base", join(folder, "tests"))], staging), first);
      assert.match(first.context, /staging\/\.tests\/app\/([0-9a-f]{16})\/\1$/);
      assert.equal(readFileSync(join(first.context, "base/tests/a.yaml"), "utf8"), one);
      assert.match(readFileSync(join(first.context, "base/run/c.sh"), "utf8"), /^of_script 'c\.sh'$/m);
      assert.notDeepEqual(stageTests("app", [tests("other", join(folder, "tests"))], staging), first);
    });
  });
});
