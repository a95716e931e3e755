import assert from "node:assert/strict";
import { askTool } from "../../components/ask-tool";
import { withTools } from "./fake-tool";

describe("asking a program", () => {
  it("gives what it prints, in the environment given", async () => {
    await withTools({ ask: 'echo "$1 $WORD"' }, async (env) => {
      assert.equal(await askTool("ask", ["a"], { limit: 30_000, env: { ...env, WORD: "b" } }), "a b\n");
    });
  });

  it("says that there is no such program", async () => {
    await withTools({}, async (env) => {
      const said = { reason: "missing", message: "there is no ask on PATH" };
      await assert.rejects(askTool("ask", [], { limit: 30_000, env }), said);
    });
  });

  it("says what it printed where it failed", async () => {
    await withTools({ ask: "echo out; echo no such thing >&2; exit 3" }, async (env) => {
      await assert.rejects(askTool("ask", [], { limit: 30_000, env }), { reason: "failed", message: "no such thing" });
    });
  });

  it("ends one that takes too long", async () => {
    await withTools({ ask: "while :; do :; done" }, async (env) => {
      const said = { reason: "late", message: "ask gave no answer within 0.2 s" };
      await assert.rejects(askTool("ask", [], { limit: 200, env }), said);
    });
  });
});
