import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { isRunning } from "../../tools/services/daemon";
import { recoverStack } from "../../tools/stack/recover";
import { home, Project } from "../integration/project";
import { Client, clientOf, TestRegistry } from "../integration/two-registries";
import { Run, randomFrom, startedBy } from "./run";

/** `npm run test:faults` takes 20. */
const moments = Math.min(20, Number(process.env.STRATA_FAULT_MOMENTS ?? 3));
const seed = Number(process.env.STRATA_FAULT_SEED ?? randomInt(2 ** 31));

const names = ["one", "two", "three", "four", "five", "six"];
const family = {
  ...Object.fromEntries(names.map((name) => [`images/${name}/Dockerfile`, "FROM scratch\nCOPY data /\n"])),
  ...Object.fromEntries(names.map((name) => [`images/${name}/data`, randomBytes(500_000).toString("hex")])),
  ".gitignore": "node_modules\ncomponents\nbin\nstate\n.strata\n",
};

const isProvider = (command: readonly string[]) => command.some((word) => word.endsWith("provider/main.ts"));

/** What is killed. */
const parts: readonly (readonly [name: string, find: (run: Run) => readonly number[]])[] = [
  ["the engine with all that it has started", (run) => startedBy(run.pid, () => true)],
  ["the provider", (run) => startedBy(run.pid, isProvider)],
];

describe(`a promotion of ${names.length} layers that is killed (STRATA_FAULT_SEED=${seed})`, function () {
  this.timeout(5 * 60_000);
  let dev: Project;
  let prod: TestRegistry;
  let client: Client;
  let undisturbed: object;
  let takes: number;
  let stacks = 0;

  before(async () => {
    dev = await Project.make(family, { stack: "dev", config: tagsConfig(["latest", "{commit}", "{version}"]) });
    prod = await TestRegistry.start("promoted");
    client = new Client(clientOf(join(home.folder, "promotion-client"), { home, host: dev.registry }, prod));
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "First");
    await dev.configure({ "versions.one": "1.2.3", "versions.two": "2.0.0-beta.1" });
    await dev.up();
    const { one } = await dev.layers();
    await client.regctl(
      ["artifact", "put", "--artifact-type", "application/x", "--subject", one?.ref as string],
      "attached",
    );
    const stack = await target();
    const { exitCode, output, seconds } = await Run.up(stack).ended();
    assert.equal(exitCode, 0, output);
    undisturbed = await endOf(stack);
    takes = seconds * 1000;
  });
  after(async () => {
    await prod?.stop();
    dev?.remove();
  });

  const random = randomFrom(seed);
  for (let number = 0; number < moments; number++) {
    const [name, find] = parts[number % parts.length] as (typeof parts)[number];
    // Before that Pulumi starts, and asks nobody anything.
    const share = 0.2 + 0.8 * random();

    it(`${name}, at ${Math.round(share * 100)} % of its time: comes to the same end in the next update`, async () => {
      const stack = await target();
      const run = Run.up(stack);
      await sleep(share * takes);
      while (run.running && find(run).length === 0) await sleep(10);
      const killed = find(run);
      for (const pid of killed) if (isRunning(pid)) process.kill(pid, "SIGKILL");
      const { exitCode } = await run.ended();
      if (exitCode === 0) process.stdout.write("      it had ended by then\n");
      for (const end = Date.now() + 10_000; killed.some(isRunning) && Date.now() < end; ) await sleep(20);

      await recoverStack({ folder: stack.folder, stack: stack.stackName, env: stack.env, yes: false });
      const { output } = await stack.up();
      assert.doesNotMatch(output, /pending operation/);
      assert.deepEqual(await endOf(stack), undisturbed);
      assert.deepEqual(Object.keys((await stack.preview()).changes), ["same"]);
    });
  }

  /** A stack that promotes from dev into repositories of its own. */
  function target(): Promise<Project> {
    const name = `target-${stacks++}`;
    const { DOCKER_CONFIG, SSL_CERT_FILE } = client.env as { DOCKER_CONFIG: string; SSL_CERT_FILE: string };
    const tags = tagsConfig(["stable", "latest", "{commit}", "{version}"]);
    const config = { registry: prod.host, organisation: `${dev.organisation}/${name}`, promoteFrom: "dev", ...tags };
    return dev.stackOf(name, config, { DOCKER_CONFIG, SSL_CERT_FILE });
  }

  /** All that a promotion has come to: what the stack tells, each tag, and what is attached. */
  async function endOf(stack: Project): Promise<object> {
    const told = await stack.layers();
    const tags = Object.entries(told).map(async ([layer, { ref, ...rest }]) => {
      const [repository] = ref.split("@") as [string];
      const found = (await client.tags(repository)).sort().map(async (tag) => {
        return [tag, await client.digest(`${repository}:${tag}`)] as const;
      });
      const attached = await client.regctl([
        "artifact",
        "list",
        ref,
        "--format",
        "{{range .Descriptors}}{{.Digest}}{{end}}",
      ]);
      return [layer, { ...rest, tags: Object.fromEntries(await Promise.all(found)), attached }] as const;
    });
    return Object.fromEntries(await Promise.all(tags));
  }

  async function git(...args: string[]): Promise<void> {
    await execa("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
      cwd: dev.folder,
      timeout: 30_000,
    });
  }
});

/** A list as configuration has it, key by key. */
function tagsConfig(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((template, index) => [`releaseTags[${index}]`, template]));
}
