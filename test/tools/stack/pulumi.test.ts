import assert from "node:assert/strict";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../../../tools/plan/preview";
import { askPulumi } from "../../../tools/stack/pulumi";
import { withTools } from "../../components/fake-tool";

/** Answers nobody, and notes that it was asked. */
const silent = { pulumi: 'echo "$*" >>"$CALLS"; while :; do :; done' };

describe("what Pulumi is asked", () => {
  it("is answered with what it prints, without colours and questions", () =>
    withTools({ pulumi: `printf '%s' "$*"` }, async (env) => {
      assert.equal(await askPulumi(["stack", "ls"], { env }), "stack ls --non-interactive --color never");
    }));

  it("reads what it is given, and else nothing, in the project's folder", () =>
    withTools({ pulumi: 'while read -r line; do printf "%s|" "$line"; done; printf "%s" "$PWD"' }, async (env) => {
      const folder = realpathSync(tmpdir());
      assert.equal(await askPulumi(["stack", "import"], { env, folder, input: "a\nb\n" }), `a|b|${folder}`);
      assert.equal(await askPulumi(["stack", "import"], { env, folder }), folder);
    }));

  it("is an error in its own words where it fails", () =>
    withTools(
      { pulumi: "echo 'warning: an old state' >&2; echo 'error: no stack named dev found' >&2; exit 255" },
      (env) =>
        assert.rejects(
          askPulumi(["stack", "output"], { env }),
          /^Error: warning: an old state\nno stack named dev found$/,
        ),
    ));

  it("is an error where it does not answer in time", () =>
    withTools(silent, (env) =>
      assert.rejects(
        askPulumi(["stack", "ls"], { env, limit: 100 }),
        /^Error: pulumi stack ls gave no answer within 0\.1 s; .*pulumi whoami -v$/,
      ),
    ));

  it("ends when somebody ends this process, and is not asked any more after that", () =>
    withTools(silent, async (env) => {
      const came = new AbortController();
      const passedOn = new AbortController();
      const interruption = { came: came.signal, passedOn: passedOn.signal };
      const asked = askPulumi(["config", "set"], { env, interruption });
      while (!existsSync(env.CALLS)) await sleep(10);
      came.abort(new Interrupted("SIGTERM"));
      passedOn.abort();
      await assert.rejects(asked, Interrupted);
      await assert.rejects(askPulumi(["config", "set"], { env, interruption }), Interrupted);
      assert.equal(readFileSync(env.CALLS, "utf8").trim().split("\n").length, 1);
    }));
});
