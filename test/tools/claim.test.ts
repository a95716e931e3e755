import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { claim, giveBack } from "../../tools/claim";
import { root } from "../../tools/home";
import { pidText } from "../../tools/services/daemon";
import { withFolder } from "../components/catalog/folder";

/** Says who has it, and stays until its input ends. */
const program = `
const { claim } = require("./tools/claim");
process.stdout.write(String(claim(process.argv[1])) + "\\n");
process.stdin.resume();
`;

describe("a claim", () => {
  it("is one process's until it is given back", () =>
    withFolder({}, (folder) => {
      const file = join(folder, "made/a.claim");
      assert.equal(claim(file), undefined);
      assert.equal(claim(file), process.pid);
      giveBack(file);
      assert.equal(claim(file), undefined);
    }));

  it("of a process that is gone does not count, also where its number is another one's now", () =>
    withFolder({}, (folder) => {
      for (const said of [`${2 ** 22 + 1} 1`, `${process.pid} 1`, "no process"]) {
        const file = join(folder, "a.claim");
        symlinkSync(said, file);
        assert.equal(claim(file), undefined, said);
        giveBack(file);
      }
      assert.deepEqual(readdirSync(folder), []);
    }));

  it("of another process is not given back", () =>
    withFolder({}, (folder) => {
      const file = join(folder, "a.claim");
      symlinkSync(pidText(process.ppid), file);
      giveBack(file);
      assert.equal(claim(file), process.ppid);
    }));

  it("is one process's where many ask for that of one that is gone", async function () {
    this.timeout(60_000);
    await withFolder({}, async (folder) => {
      const file = join(folder, "a.claim");
      symlinkSync(`${process.pid} 1`, file);
      const asking = Array.from({ length: 6 }, () =>
        execa(process.execPath, ["-r", "./components/typescript.cjs", "-e", program, file], {
          cwd: root,
          timeout: 50_000,
        }),
      );
      const answers = await Promise.all(asking.map(said));
      const [holder] = asking.filter((_, index) => answers[index] === "undefined");
      assert.deepEqual(
        answers.filter((answer) => answer !== "undefined"),
        Array(5).fill(String(holder?.pid)),
      );
      for (const { stdin } of asking) stdin.end();
      await Promise.all(asking);
    });
  });
});

async function said({ stdout }: { stdout: NodeJS.ReadableStream }): Promise<string> {
  const [chunk] = await once(stdout, "data");
  return String(chunk).trim();
}
