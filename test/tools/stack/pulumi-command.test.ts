import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { Interrupted } from "../../../tools/plan/preview";
import { endingPulumi } from "../../../tools/stack/pulumi-command";
import { withTools } from "../../components/fake-tool";

/** A Pulumi that never answers, once a stack is selected. */
const silent = `case "$1 $2" in
"version "*) echo v3.259.0 ;;
"stack select") ;;
*)
  trap 'echo ended >> "$CALLS"; exit 1' INT
  echo begun >> "$CALLS"
  while :; do :; done
  ;;
esac`;

describe("Pulumi of the Automation API", () => {
  it("is ended where it gives no answer, and what to do is said", () =>
    withSilent(1500, async ({ stack, calls }) => {
      await assert.rejects(
        stack.outputs(),
        /^Error: pulumi stack output gave no answer within 1\.5 s; .*pulumi whoami/,
      );
      assert.equal(calls(), "begun\nended\n");
    }));

  it("takes what it takes for an update", () =>
    withSilent(500, async ({ stack, calls, interrupt }) => {
      const running = assert.rejects(stack.up(), { name: "Interrupted" });
      await sleep(1500);
      assert.equal(calls(), "begun\n");
      interrupt();
      await running;
      assert.equal(calls(), "begun\nended\n");
    }));

  it("is told of an interruption also where it is only asked, and is not asked again", () =>
    withSilent(60_000, async ({ stack, calls, interrupt }) => {
      const running = assert.rejects(stack.outputs(), { name: "Interrupted" });
      while (calls() === "") await sleep(20);
      interrupt();
      await running;
      await assert.rejects(stack.outputs(), { name: "Interrupted" });
      await assert.rejects(stack.up(), { name: "Interrupted" });
      assert.equal(calls(), "begun\nended\n");
    }));
});

interface Silent {
  readonly stack: Stack;
  /** What Pulumi has written of itself. */
  readonly calls: () => string;
  readonly interrupt: () => void;
}

/** @param limit in milliseconds, of each call that asks */
function withSilent(limit: number, action: (silent: Silent) => Promise<void>): Promise<void> {
  return withTools({ pulumi: silent }, async (env) => {
    const { PATH } = process.env;
    const [came, passedOn] = [new AbortController(), new AbortController()];
    try {
      process.env.PATH = env.PATH;
      const pulumiCommand = await endingPulumi({ came: came.signal, passedOn: passedOn.signal }, limit);
      const workspace = { envVars: { ...env }, pulumiCommand };
      const stack = await LocalWorkspace.selectStack({ stackName: "dev", workDir: dirname(env.CALLS) }, workspace);
      await action({
        stack,
        calls: () => (existsSync(env.CALLS) ? readFileSync(env.CALLS, "utf8") : ""),
        interrupt: () => {
          came.abort(new Interrupted("SIGTERM"));
          passedOn.abort();
        },
      });
    } finally {
      process.env.PATH = PATH;
    }
  });
}
