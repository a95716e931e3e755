import assert from "node:assert/strict";
import { builderPlatforms, platformsOfNodes } from "../../components/builder";
import { withTools } from "./fake-tool";

/** As buildx 0.35 prints it. */
function printed(...nodes: string[]): string {
  const heads = nodes.map(
    (node, index) => `Name:             n${index}\nEndpoint:         unix:///run/${index}.sock\n${node}`,
  );
  return `Name:          two\nDriver:        remote\nLast Activity: 2026-01-01 00:00:00 +0000 UTC\n\nNodes:\n${heads.join("\n\n")}\n`;
}

const running = (platforms: string) =>
  `Status:           running\nBuildKit version: v0.31.0\nPlatforms:        ${platforms}\nLabels:\n org.mobyproject.buildkit.worker.executor:         oci\nGC Policy rule#0:\n All:            false`;

describe("the platforms of a builder", () => {
  const answers: [string, string, readonly string[] | undefined][] = [
    ["of one node", printed(running("linux/amd64, linux/386")), ["linux/386", "linux/amd64"]],
    [
      "of several, those that they were made with among them",
      printed(running("linux/amd64*, linux/amd64/v2"), running("linux/arm64*, linux/arm/v7, linux/amd64")),
      ["linux/amd64", "linux/amd64/v2", "linux/arm/v7", "linux/arm64"],
    ],
    ["in their normal form", printed(running("linux/aarch64, linux/arm/v8, odd")), ["linux/arm/v8", "linux/arm64"]],
    [
      "unknown where a node does not run",
      printed(running("linux/amd64"), "Status:    inactive\nPlatforms: linux/arm64*"),
      undefined,
    ],
    ["unknown where a node has an error", printed("Error:            no route to host"), undefined],
    [
      "unknown where the builder has one",
      "Name:   default\nDriver: \nError:  failed to connect to the docker API\n",
      undefined,
    ],
    ["unknown where a node does not tell", printed("Status: running"), undefined],
    ["unknown of what is no answer", "WARNING: something\n", undefined],
    ["unknown of nothing", "", undefined],
  ];
  for (const [what, text, platforms] of answers) {
    it(`are ${what}`, () => assert.deepEqual(platformsOfNodes(text), platforms));
  }

  const say = (text: string) => `printf '%s' '${text}'`;

  it("are asked of buildx, by the builder's name and without starting it", async () => {
    const script = `[ "$*" = "inspect mine" ] || exit 1\n${say(printed(running("linux/amd64")))}`;
    await withTools({ buildx: script }, async (env) => {
      assert.deepEqual(await builderPlatforms("mine", env), ["linux/amd64"]);
    });
  });

  it("are asked of Docker's plugin where there is no buildx by itself", async () => {
    const script = `[ "$*" = "buildx inspect mine" ] || exit 1\n${say(printed(running("linux/arm64")))}`;
    await withTools({ docker: script }, async (env) => {
      assert.deepEqual(await builderPlatforms("mine", env), ["linux/arm64"]);
    });
  });

  const silent: [string, Record<string, string>][] = [
    ["there is no such builder", { buildx: "echo 'ERROR: no builder \"mine\" found' >&2; exit 1" }],
    ["there is no buildx", {}],
    ["it prints what is no answer", { buildx: "echo what" }],
  ];
  for (const [what, scripts] of silent) {
    it(`are unknown where ${what}`, async () => {
      await withTools(scripts, async (env) => assert.equal(await builderPlatforms("mine", env), undefined));
    });
  }
});
