import assert from "node:assert/strict";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";

const strata = (...args: string[]) =>
  execa(join(root, "bin/strata"), args, { cwd: "/", reject: false, timeout: 60_000, env: { NO_COLOR: "1" } });

describe("strata", () => {
  it("prints help for itself and for each verb, from any folder", async () => {
    for (const args of [[], ["services"], ["services", "start"], ["env"], ["plan"]]) {
      const { stdout, exitCode } = await strata(...args, "--help");
      assert.equal(exitCode, 0);
      assert.match(stdout, /^Usage: strata/);
    }
  });

  it("refuses a verb and a port that there is not, with exit code 1 and on standard error", async () => {
    const verb = await strata("fly");
    assert.equal(verb.exitCode, 1);
    assert.match(verb.stderr, /unknown command 'fly'/);
    const port = await strata("services", "start", "--registry-port", "http");
    assert.equal(port.exitCode, 1);
    assert.match(port.stderr, /expected a number from 1 to 65535/);
  });

  it("env gives a shell all that pulumi needs for the stack local, and leaves the user's own alone", async () => {
    const script =
      'eval "$(bin/strata env)" && pulumi version && strata --version; echo "$PULUMI_BACKEND_URL|$PULUMI_HOME"';
    const { stdout } = await execa("sh", ["-c", script], { cwd: root, reject: false, timeout: 60_000 });
    assert.match(stdout, /^v3\.\d+\.\d+\n\d+\.\d+\.\d+\n/);
    assert.ok(stdout.endsWith(`file://${root}/.strata/state|${root}/.strata/pulumi`), stdout);
  });

  it("env leaves login, state and Docker configuration of a shared stack to the user", async () => {
    const { stdout } = await strata("env", "--stack", "dev", "--json");
    assert.deepEqual(Object.keys(JSON.parse(stdout)).sort(), ["PATH", "PULUMI_SKIP_UPDATE_CHECK"]);
  });

  it("services status prints JSON for programs", async () => {
    const { stdout, exitCode } = await strata("services", "status", "--json");
    const { services } = JSON.parse(stdout) as { services: { name: string; healthy: boolean }[] };
    assert.deepEqual(
      services.map(({ name }) => name),
      ["buildkitd", "registry"],
    );
    assert.equal(exitCode, services.every(({ healthy }) => healthy) ? 0 : 1);
  });
});
