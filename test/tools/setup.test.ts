import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";
import { withFolder } from "../components/catalog/folder";

describe("the first step of npm start", () => {
  it("ends as what it hands over to does, also where that is killed", async () => {
    assert.equal(await ended("exit 3"), 3);
    assert.equal(await ended("kill -KILL $$"), 137);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`passes ${signal} on, and waits for the end`, async () => {
      // Not for ever, so that it does not outlive a failure by much.
      const script = `trap 'exit 9' ${signal.slice(3)}; echo begun; for _ in $(seq 100); do sleep 0.1; done`;
      assert.equal(await ended(script, signal), 9);
    });
  }
});

/** @param script in the place of Node.js. @param signal that is sent once it has begun. @returns the exit code */
function ended(script: string, signal?: NodeJS.Signals): Promise<number | undefined> {
  const setup = "tools/setup.mjs";
  const lock = "{}";
  const files = {
    [setup]: readFileSync(join(root, setup), "utf8"),
    "package-lock.json": lock,
    "node_modules/.strata-installed": createHash("sha256").update(lock).digest("hex"),
    "node_modules/.bin/node": `#!/bin/sh\n${script}\n`,
  };
  return withFolder(files, async (folder) => {
    chmodSync(join(folder, "node_modules/.bin/node"), 0o755);
    const options = { reject: false, timeout: 30_000, killSignal: "SIGKILL" } as const;
    const run = execa(process.execPath, [join(folder, setup), "start"], options);
    if (signal) run.stdout.once("data", () => run.kill(signal));
    return (await run).exitCode;
  });
}
