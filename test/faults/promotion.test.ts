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

interface Kill {
  readonly part: (typeof parts)[number];
  /** When, as a part of the time that a promotion takes. */
  readonly share: number;
}

describe(`a promotion of ${names.length} layers that is killed (STRATA_FAULT_SEED=${seed})`, function () {
  this.timeout(5 * 60_000);
  let dev: Project;
  let prod: TestRegistry;
  let client: Client;
  let undisturbed: Project;
  /** What an undisturbed promotion comes to, and how many milliseconds it takes. */
  let expected: { end: object; takes: number };
  /** The stacks that have come to what dev had at first. */
  const older: Project[] = [];
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
    undisturbed = await target();
    expected = await promoteUndisturbed();
  });
  after(async () => {
    await prod?.stop();
    dev?.remove();
  });

  const random = randomFrom(seed);
  const kills = Array.from({ length: moments }, (_, number): Kill => {
    // Before that Pulumi starts, and asks nobody anything.
    return { part: parts[number % parts.length] as Kill["part"], share: 0.2 + 0.8 * random() };
  });
  const third = Math.floor(moments / 3);

  describe("into empty repositories", () => {
    for (const kill of kills.slice(third)) {
      it(titleOf(kill), async () => {
        older.push(await comesToTheSameEnd(kill, target));
      });
    }
  });

  describe("over what was there before", () => {
    before(async () => {
      while (older.length < third) {
        const stack = await target();
        await stack.up();
        older.push(stack);
      }
      const { one } = await undisturbed.layers();
      for (const name of names.slice(0, 3)) dev.append(`images/${name}/data`, "more");
      await git("commit", "--quiet", "--all", "--message", "Second");
      await dev.configure({ "versions.one": "1.3.0", "versions.two": "2.0.0" });
      await dev.up();
      expected = await promoteUndisturbed();
      assert.notEqual(await client.digest(`${one?.ref.split("@")[0]}:latest`), one?.digest);
    });

    for (const kill of kills.slice(0, third)) {
      it(titleOf(kill), async () => {
        await comesToTheSameEnd(kill, async () => older.pop());
      });
    }
  });

  /** @param next a stack that is as it was before the promotion. @returns the one that was killed, which has come to its end */
  async function comesToTheSameEnd(
    { part: [, find], share }: Kill,
    next: () => Promise<Project | undefined>,
  ): Promise<Project> {
    // A kill that came too late is none: half as late, nothing has ended by then.
    for (const moment of [share, share / 2, share / 4]) {
      const stack = await next();
      assert.ok(stack, "there is no stack left to try it on");
      const run = Run.up(stack);
      await sleep(moment * expected.takes);
      while (run.running && find(run).length === 0) await sleep(10);
      const killed = find(run);
      for (const pid of killed) if (isRunning(pid)) process.kill(pid, "SIGKILL");
      const { exitCode, output: said } = await run.ended();
      if (exitCode === 0) continue;
      assert.ok(killed.length > 0, said);
      for (const end = Date.now() + 10_000; killed.some(isRunning) && Date.now() < end; ) await sleep(20);

      await recoverStack({ folder: stack.folder, stack: stack.stackName, env: stack.env, yes: false });
      const { output } = await stack.up();
      assert.doesNotMatch(output, /pending operation/);
      assert.deepEqual(await endOf(stack), expected.end);
      assert.deepEqual(Object.keys((await stack.preview()).changes), ["same"]);
      return stack;
    }
    throw new assert.AssertionError({ message: "nothing was killed: each time it had ended by then" });
  }

  async function promoteUndisturbed(): Promise<typeof expected> {
    const { exitCode, output, seconds } = await Run.up(undisturbed).ended();
    assert.equal(exitCode, 0, output);
    return { end: await endOf(undisturbed), takes: seconds * 1000 };
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

function titleOf({ part: [name], share }: Kill): string {
  return `${name}, at ${Math.round(share * 100)} % of its time: comes to the same end in the next update`;
}

/** A list as configuration has it, key by key. */
function tagsConfig(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((template, index) => [`releaseTags[${index}]`, template]));
}
