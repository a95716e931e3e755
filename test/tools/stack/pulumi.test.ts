import assert from "node:assert/strict";
import { Interrupted } from "../../../tools/plan/preview";
import { askPulumi } from "../../../tools/stack/pulumi";
import { withTools } from "../../components/fake-tool";

/** Answers nobody. */
const silent = { pulumi: "while :; do :; done" };

describe("what Pulumi is asked", () => {
  it("is answered with what it prints, by what it reads", () =>
    withTools({ pulumi: 'read -r line; printf "%s|%s" "$*" "$line"' }, async (env) => {
      assert.equal(
        await askPulumi(["stack", "import"], { env, input: "state\n" }),
        "stack import --non-interactive|state",
      );
    }));

  it("is an error in its own words where it fails", () =>
    withTools({ pulumi: "echo 'error: no stack named dev found' >&2; exit 255" }, (env) =>
      assert.rejects(askPulumi(["stack", "output"], { env }), /^Error: no stack named dev found$/),
    ));

  it("is an error where it does not answer in time", () =>
    withTools(silent, (env) =>
      assert.rejects(
        askPulumi(["stack", "ls"], { env, limit: 100 }),
        /timed out after 100 milliseconds: pulumi stack ls/,
      ),
    ));

  it("ends when somebody ends this process, and is not asked any more after that", () =>
    withTools(silent, async (env) => {
      const came = new AbortController();
      const passedOn = new AbortController();
      const interruption = { came: came.signal, passedOn: passedOn.signal };
      const asked = askPulumi(["config", "set"], { env, interruption });
      came.abort(new Interrupted("SIGTERM"));
      passedOn.abort();
      await assert.rejects(asked, Interrupted);
      await assert.rejects(askPulumi(["config", "set"], { env, interruption }), Interrupted);
    }));
});
