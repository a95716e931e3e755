import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted, type Previewed, preview } from "../../../tools/plan/preview";
import { withTools } from "../../components/fake-tool";

const says = (severity: string, message: string) =>
  `printf '%s\\n' '${JSON.stringify({ diagnosticEvent: { severity, message: `${message}\n`, color: "never" } })}'`;

/** What a preview is by a Pulumi of a few lines. */
const previewed = (script: string): Promise<Previewed> =>
  withTools({ pulumi: script }, async (env) => preview("dev", env, "/"));

describe("a preview", () => {
  it("is Pulumi's, which is asked no questions, and has its events and warnings", async () => {
    const script = [
      'test "$*" = "preview --stack dev --json --non-interactive --color never" || exit 9',
      'test "$PULUMI_ENABLE_STREAMING_JSON_PREVIEW" = true || exit 8',
      "echo a program prints; echo '{ neither is this'",
      says("warning", "old"),
      says("info", "quiet"),
    ];
    const { events, warnings } = await previewed(script.join("\n"));
    assert.equal(events.length, 2);
    assert.deepEqual(warnings, ["old"]);
  });

  const failures: [string, string, RegExp][] = [
    [
      "what Pulumi errs",
      `${says("warning", "old")}\n${says("error", "images/a: no")}\nexit 255`,
      /failed\.\n\nwarning: old\n\nimages\/a: no$/,
    ],
    ["an error upon which Pulumi goes on", says("error", "not so"), /not so/],
    ["what it says before it begins", "echo 'error: no stack named dev' >&2; exit 255", /no stack named dev$/],
    ["its exit code where it says nothing", "exit 3", /exit code 3$/],
  ];
  for (const [what, script, message] of failures) {
    it(`fails with ${what}`, () => assert.rejects(previewed(script), { name: "Error", message }));
  }

  it("fails where there is no Pulumi", async () => {
    await assert.rejects(preview("dev", { PATH: "/nowhere" }, "/"), /ENOENT/);
  });

  it("ends in order upon a signal, which Pulumi gets once, and leaves no listener", async () => {
    const listeners = process.listenerCount("SIGHUP");
    const script = `trap 'echo ended >> "$CALLS"; exit 1' INT\necho begun >> "$CALLS"\nwhile :; do :; done`;
    await withTools({ pulumi: script }, async (env) => {
      const running = preview("dev", env, "/");
      while (!existsSync(env.CALLS)) await sleep(20);
      process.emit("SIGHUP", "SIGHUP");
      await assert.rejects(running, (error) => error instanceof Interrupted && error.exitCode === 129);
      assert.equal(readFileSync(env.CALLS, "utf8"), "begun\nended\n");
    });
    assert.equal(process.listenerCount("SIGHUP"), listeners);
  });
});
