import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { claim, giveBack } from "../../tools/claim";
import { root } from "../../tools/home";
import { isRunning } from "../../tools/services/daemon";
import { withFolder } from "../components/catalog/folder";

const tests = `
const { writeFileSync } = require("node:fs");
const write = (name) => writeFileSync(__dirname + "/" + name, "");
after(() => write("cleaned"));
it("takes long", () => {
  write("begun");
  return new Promise((resolve) => setTimeout(resolve, 100_000));
});
it("comes next", () => write("next"));
`;

const program = `require("./tools/run-mocha").runMocha([process.argv[1]]).then((code) => process.exit(code))`;

describe("npm test", function () {
  this.timeout(60_000);

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends the test that runs at ${signal}, begins no other, and cleans up`, () =>
      withFolder({ "slow.cjs": tests }, async (folder) => {
        const args = ["-r", "./components/typescript.cjs", "-e", program, join(folder, "slow.cjs")];
        const run = execa(process.execPath, args, { cwd: root, reject: false, timeout: 50_000 });
        while (!existsSync(join(folder, "begun")) && isRunning(run.pid as number)) await sleep(20);
        run.kill(signal);
        const { exitCode, stdout } = await run;
        assert.equal(exitCode, 130, stdout);
        assert.match(stdout, /stopped by a signal[\s\S]*0 passed, 1 failed/);
        assert.ok(existsSync(join(folder, "cleaned")));
        assert.ok(!existsSync(join(folder, "next")));
      }));
  }

  it("names the process that has the tests' services already", async () => {
    const file = join(root, ".strata/test.claim");
    const before = claim(file);
    try {
      const args = ["-r", "ts-node/register/transpile-only", "tools/test.ts", "integration", "--grep", "no such test"];
      const { exitCode, stderr } = await execa(process.execPath, args, { cwd: root, reject: false, timeout: 50_000 });
      assert.equal(exitCode, 1);
      assert.match(stderr, new RegExp(`tests run already in this clone, as process ${before ?? process.pid};`));
    } finally {
      if (before === undefined) giveBack(file);
    }
  });
});
