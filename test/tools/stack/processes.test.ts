import assert from "node:assert/strict";
import { execa } from "execa";
import { root } from "../../../tools/home";

const program = `process.stdout.write(String(require("./tools/stack/processes").isInForeground()))`;
const node = [process.execPath, "-r", "./components/typescript.cjs", "-e", program];

describe("whether Ctrl-C reaches a process and what it starts", () => {
  it("is told by the terminal that it runs in, not by its input", async function () {
    if (process.platform !== "linux") this.skip(); // script, which makes the terminal, has other options elsewhere
    const command = `${node.map((part) => `'${part}'`).join(" ")} </dev/null`;
    const options = { cwd: root, stdin: "ignore", timeout: 30_000 } as const;
    const inTerminal = await execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], options);
    assert.equal(inTerminal.stdout, "true");
  });

  it("is not so for one without a terminal", async () => {
    const [file, ...args] = node as [string, ...string[]];
    // A group and a session of its own.
    const { stdout } = await execa(file, args, { cwd: root, stdin: "ignore", detached: true, timeout: 30_000 });
    assert.equal(stdout, "false");
  });
});
