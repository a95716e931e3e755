import assert from "node:assert/strict";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";

const strata = (...args: string[]) =>
  execa(join(root, "bin/strata"), args, { cwd: "/", reject: false, timeout: 60_000, env: { NO_COLOR: "1" } });

describe("strata", () => {
  it("prints help for itself and for each verb, from any folder", async () => {
    for (const args of [
      [],
      ["services"],
      ["services", "start"],
      ["env"],
      ["plan"],
      ["up"],
      ["graph"],
      ["pins"],
      ["logs"],
      ["why"],
      ["recover"],
    ]) {
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

  it("env gives a shell all that pulumi needs for the stack local", async () => {
    const script =
      'eval "$(bin/strata env)" && pulumi version && strata --version; echo "$PULUMI_BACKEND_URL|$PULUMI_HOME"';
    const { stdout } = await execa("sh", ["-c", script], { cwd: root, reject: false, timeout: 60_000 });
    assert.match(stdout, /^v3\.\d+\.\d+\n\d+\.\d+\.\d+\n/);
    assert.ok(stdout.endsWith(`file://${root}/.strata/state|${root}/.strata/pulumi`), stdout);
  });

  it("env takes back for a shared stack what it set for local, and leaves alone what it did not set", async () => {
    const script =
      'eval "$(bin/strata env)" && export DOCKER_CONFIG=/mine && eval "$(bin/strata env --stack dev)" && env';
    const given = { SSL_CERT_FILE: "/given.pem" };
    const { stdout } = await execa("sh", ["-c", script], { cwd: root, timeout: 60_000, env: given });
    const variables = new Map(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
    for (const name of ["PULUMI_STACK", "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"]) {
      assert.equal(variables.get(name), undefined, name);
    }
    assert.equal(variables.get("DOCKER_CONFIG"), "/mine");
    assert.equal(variables.get("SSL_CERT_FILE"), given.SSL_CERT_FILE);
  });

  it("env keeps a passphrase of the user's from the stack local", async () => {
    const script =
      'export PULUMI_CONFIG_PASSPHRASE=mine && eval "$(bin/strata env)" && echo "<$PULUMI_CONFIG_PASSPHRASE>"';
    const { stdout } = await execa("sh", ["-c", script], { cwd: root, timeout: 60_000 });
    assert.equal(stdout, "<>");
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
