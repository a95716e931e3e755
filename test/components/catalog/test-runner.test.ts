import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestFile } from "../../../components/catalog/image-test-file";
import { programOf } from "../../../components/catalog/test-runner";
import { withFolder } from "./folder";

/** Runs the program in this machine's shell, in a folder with a file. @returns its exit code and what it printed */
function run(tests: TestFile | undefined, file = "a.yaml"): [number | null, string] {
  return withFolder({ file: "one\ntwo\n", "a.sh": "#!/bin/sh\necho in $TESTS; exit 3\n" }, (folder) => {
    chmodSync(join(folder, "file"), 0o640);
    chmodSync(join(folder, "a.sh"), 0o755);
    symlinkSync("nowhere", join(folder, "link"));
    const here = JSON.parse(JSON.stringify(tests ?? null).replaceAll("HERE", folder)) ?? undefined;
    const { status, stdout, stderr } = spawnSync("/bin/sh", { input: programOf({ file, tests: here }, "t", folder) });
    return [status, `${stdout}${stderr}`.replaceAll(folder, "HERE")];
  });
}

describe("the program that tests an image", () => {
  it("passes what is as it was expected, and says nothing but how many", () => {
    const passing: TestFile = {
      files: {
        "HERE/file": { mode: "0640", matches: "^tw" },
        "HERE/none": { exists: false },
        "/etc/passwd": { owner: "root:root", mode: "0644" },
        "/etc": { owner: "0:0" },
        "/": { owner: "root:0" },
      },
      users: { root: { uid: 0, gid: 0, home: "/root" } },
      commands: [
        { run: "cat HERE/file", output: "one\ntwo\n", matches: "two$" },
        { run: 'echo it\\\'s "$TESTS" >&2', output: "it's HERE" },
        { run: "exit 7", exitCode: 7 },
        { run: "true", output: "" },
      ],
    };
    assert.deepEqual(run(passing), [0, "10 passed\n"]);
  });

  const failing: [string, TestFile, string][] = [
    [
      "another output",
      { commands: [{ name: "the greeting", run: "echo a; echo b", output: "a" }] },
      "FAILED t/a.yaml: the greeting\n  command   echo a; echo b\n  expected  output: a\n  came      output: a\n            b\n",
    ],
    [
      "another exit code",
      { commands: [{ run: "echo why; exit 2" }] },
      "FAILED t/a.yaml: echo why; exit 2\n  expected  exit code 0\n  came      exit code 2, and output: why\n",
    ],
    [
      "no line that matches",
      { commands: [{ run: "echo 1.2", matches: "^2" }] },
      "FAILED t/a.yaml: echo 1.2\n  expected  a line that matches ^2\n  came      output: 1.2\n",
    ],
    [
      "a file that is not there",
      { files: { "HERE/none": {} } },
      "FAILED t/a.yaml: HERE/none\n  expected  a file or a folder\n  came      nothing there\n",
    ],
    [
      "another mode, and contents that do not match, of one file",
      { files: { "HERE/file": { mode: "0644", matches: "three" } } },
      "FAILED t/a.yaml: HERE/file\n  expected  mode 0644\n  came      mode 0640\n  expected  a line that matches three\n  came      one\n            two\n",
    ],
    [
      "another owner",
      { files: { "/etc": { owner: "nobody:0" } } },
      "FAILED t/a.yaml: /etc\n  expected  owner nobody:0\n  came      owner root:0\n",
    ],
    [
      "a user that there is not",
      { users: { "no.body": {} } },
      "FAILED t/a.yaml: no.body\n  expected  a user\n  came      none of that name in /etc/passwd\n",
    ],
    [
      "another home",
      { users: { root: { uid: 0, home: "/none" } } },
      "FAILED t/a.yaml: root\n  expected  home /none\n  came      home /root\n",
    ],
    [
      "a command that ends before the port is open",
      { ports: { 9: { run: "echo no; exit 4" } } },
      "no\nFAILED t/a.yaml: port 9\n  command   echo no; exit 4\n  expected  port 9 to be open\n  came      the command ended with exit code 4\n",
    ],
    [
      "a port that is not open in time",
      { ports: { 9: { run: "exec sleep 20", within: 1 } } },
      "FAILED t/a.yaml: port 9\n  command   exec sleep 20\n  expected  port 9 to be open\n  came      not open after 1 s\n",
    ],
  ];
  for (const [what, tests, report] of failing) {
    it(`tells of ${what}`, () => assert.deepEqual(run(tests), [1, `${report}1 of 1 tests failed\n`]));
  }

  it("tells of a link that is there, where nothing should be", () => {
    const [code, said] = run({ files: { "HERE/link": { exists: false } } });
    assert.equal(code, 1);
    assert.match(said, /expected {2}nothing there\n {2}came {6}l.*link/);
  });

  it("tells of all that failed, and of long outputs the beginning", () => {
    const [code, said] = run({ commands: [{ run: "seq 100", output: "" }, { run: "true" }, { run: "false" }] });
    assert.equal(code, 1);
    assert.match(said, /\n {12}20\n {12}…\nFAILED t\/a\.yaml: false\n.*\n.*\n2 of 3 tests failed\n$/);
  });

  it("runs a script as it is", () => {
    const said =
      "in HERE\nFAILED t/a.sh: a.sh\n  expected  exit code 0\n  came      exit code 3\n1 of 1 tests failed\n";
    assert.deepEqual(run(undefined, "a.sh"), [1, said]);
  });

  it("passes a port that a command opens", () => {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = `exec ${process.execPath} -e 'require("net").createServer().listen(${port})'`;
    assert.deepEqual(run({ ports: { [port]: { run: server, within: 60 } } }), [0, "1 passed\n"]);
  });
});
