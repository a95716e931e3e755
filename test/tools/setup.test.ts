import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";
import { withFolder } from "../components/catalog/folder";

// What is detached has no terminal.
const options = { reject: false, detached: true, timeout: 30_000, killSignal: "SIGKILL" } as const;

describe("the first step of npm start", () => {
  it("ends as what it hands over to does, also where that is killed", async () => {
    for (const [script, code] of [
      ["exit 3", 3],
      ["kill -KILL $$", 137],
    ] as const) {
      await withSetup(script, async (setup) => {
        const { exitCode } = await execa(process.execPath, setup, options);
        assert.equal(exitCode, code);
      });
    }
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`passes ${signal} on, and waits for the end`, () =>
      withSetup(`exec ${saying(signal)}`, async (setup) => {
        const run = execa(process.execPath, setup, options);
        run.stdout.once("data", () => run.kill(signal));
        const { stdout } = await run;
        assert.equal(stdout, "begun\ncame\nended");
      }));
  }

  it("leaves Ctrl-C to a terminal, which tells of it by itself", async function () {
    if (process.platform !== "linux") this.skip(); // script, which makes the terminal, has other options elsewhere
    // In a session of its own, where the terminal's signal does not come as well: two at once may arrive as one.
    await withSetup(`exec setsid ${saying("SIGINT")}`, async (setup) => {
      const command = [process.execPath, ...setup].join(" ");
      const run = execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], options);
      run.stdout.once("data", () => run.stdin.write("\u0003"));
      const { stdout } = await run;
      assert.match(stdout, /ended/);
      assert.doesNotMatch(stdout, /came/);
    });
  });
});

/** A program that says that a signal came, and ends by itself a second later. */
function saying(signal: string): string {
  const program = `process.on("${signal}", () => console.log("came"));
    console.log("begun");
    setTimeout(() => console.log("ended"), 1000);`;
  return `${process.execPath} -e '${program}'`;
}

/** @param script in the place of Node.js */
function withSetup(script: string, action: (args: readonly string[]) => Promise<void>): Promise<void> {
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
    await action([join(folder, setup), "start"]);
  });
}
