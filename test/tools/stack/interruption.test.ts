import assert from "node:assert/strict";
import { execa } from "execa";
import { root } from "../../../tools/home";

/** Gets a signal while the first of two phases runs, and prints what became of it. */
const program = (signal: string) => `
  const { interruptible } = require("./tools/stack/interruption");
  const { runPhases } = require("./tools/phases");
  const { came, passedOn } = interruptible();
  const wait = () => new Promise((end) => setTimeout(end, 60_000));
  const first = () => {
    process.kill(process.pid, "${signal}");
    return wait();
  };
  runPhases([{ title: "first", run: first }, { title: "second", run: wait }], came).catch((error) => {
    process.stdout.write(["\\nended", error.name, error.exitCode, passedOn.aborted].join(" "));
    process.exit();
  });
`;
const node = (signal: string) =>
  [process.execPath, ["-r", "./components/typescript.cjs", "-e", program(signal)]] as const;
// What is detached has no terminal.
const options = { cwd: root, stdin: "ignore", detached: true, timeout: 30_000 } as const;

describe("an interruption", () => {
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const) {
    it(`by ${signal} ends a phase at once and lets none begin, and is passed on`, async () => {
      const { stdout } = await execa(...node(signal), options);
      assert.match(stdout, new RegExp(`ended Interrupted ${code} true$`));
      assert.doesNotMatch(stdout, /second/);
    });
  }

  it("by Ctrl-C on a terminal is not passed on to what gets it there by itself", async function () {
    if (process.platform !== "linux") this.skip(); // script, which makes the terminal, has other options elsewhere
    const [file, args] = node("SIGINT");
    const command = [file, ...args].map((part) => `'${part}'`).join(" ");
    const { stdout } = await execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], options);
    assert.match(stdout, /ended Interrupted 130 false/);
  });
});
