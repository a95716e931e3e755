import assert from "node:assert/strict";
import fc from "fast-check";
import { layers } from "./branches";
import type { Trouble } from "./troubled-provider";
import { type Setup, World } from "./world";

const setup: fc.Arbitrary<Setup> = fc.record({
  together: fc.boolean(),
  shared: fc.boolean(),
  deletes: fc.constantFrom("tag", "digest", "never", "last tag with its image"),
});

const layer = fc.constantFrom(...layers);
const builds = fc.constantFrom("dev" as const, "pr-7" as const);
const promotes = fc.constantFrom("staging" as const, "prod" as const);
const stack = fc.constantFrom("dev" as const, "pr-7" as const, "staging" as const, "prod" as const);
const version = fc.constantFrom(
  ...["1.0.0", "1.2.3", "1.2.10", "1.3.0", "2.0.0-beta.1", "2.0.0", "10.0.0", "0.4.1", "0.10.0"],
  ...["v1.2.3", "v2.1.0", "v1.9.0-rc.1", "blue", "2026.11", "stable"],
);

/** In one of a few updates something goes wrong. */
const trouble: fc.Arbitrary<Trouble | undefined> = fc.option(
  fc.record({ at: fc.nat(30), killed: fc.boolean(), when: fc.constantFrom("before", "halfway", "afterwards") }),
  { nil: undefined, freq: 2 },
);

interface Command {
  readonly run: (world: World) => Promise<void> | void;
  readonly toString: () => string;
}

function command<A extends unknown[]>(
  name: string,
  args: { [K in keyof A]: fc.Arbitrary<A[K]> },
  run: (world: World, ...args: A) => Promise<unknown>,
): fc.Arbitrary<Command> {
  return fc.tuple(...args).map((values) => ({
    run: async (world) => void (await run(world, ...(values as A))),
    toString: () => `${name}(${values.map((value) => JSON.stringify(value)).join(", ")})`,
  }));
}

/**
 * After an update that went wrong most often another one. What was done of it Pulumi does not know where the provider was killed, nor of a
 * deletion that failed: where something else is wanted next, a refresh comes first.
 */
async function withAgain(
  world: World,
  name: "dev" | "pr-7" | "staging" | "prod",
  again: boolean,
  wrong: Trouble | undefined,
) {
  if (wrong && again) await world.up(name);
  else if (wrong?.killed || (wrong && name === "pr-7")) await world.refresh(name);
}

const again = fc.nat(4).map((number) => number > 0);

const edit = command(
  "edit",
  [builds, layer, fc.nat(3), fc.nat(4), trouble, again],
  async (world, name, of, content, dirty, wrong, more) => {
    world.branches.edit(name, of, content, dirty > 0);
    await world.up(name, wrong);
    await withAgain(world, name, more, wrong);
  },
);
const back = command("back", [builds, fc.nat(4), trouble, again], async (world, name, commits, wrong, more) => {
  world.branches.back(name, commits);
  await world.up(name, wrong);
  await withAgain(world, name, more, wrong);
});
const merge = command("merge", [builds], async (world, into) =>
  world.branches.follow(into, into === "dev" ? "pr-7" : "dev"),
);
const up = command("up", [stack, trouble, again], async (world, name, wrong, more) => {
  await world.up(name, wrong);
  await withAgain(world, name, more, wrong);
});
const promote = command("promote", [trouble, again], async (world, wrong, more) => {
  for (const name of ["dev", "staging", "prod"] as const) {
    await world.up(name, wrong);
    await withAgain(world, name, more, wrong);
  }
});
const release = command(
  "release",
  [fc.constantFrom("dev", "dev", "dev", "staging", "prod"), layer, version, trouble, again],
  async (world, name, of, given, wrong, more) => {
    await world.release(name, of, given, wrong);
    await withAgain(world, name, more, wrong);
  },
);
const kinds = fc.constantFrom("back 1", "back 2", "version", "digest", "true", "follow", "forget");
const hold = command(
  "hold",
  [promotes, layer, kinds, version, fc.nat(20), trouble, again],
  async (world, name, of, kind, given, index, wrong, more) => {
    if (kind === "true" || kind === "follow") await world.hold(name, of, kind === "true", wrong);
    else if (kind === "forget") await world.hold(name, of, undefined, wrong);
    else if (kind === "version") await world.hold(name, of, given, wrong);
    else {
      const at =
        kind === "digest" ? world.branches.anyDigest(of, index) : world.before(name, of, Number(kind.slice(-1)));
      if (at === undefined) return;
      await world.hold(name, of, at, wrong);
    }
    await withAgain(world, name, more, wrong);
  },
);
const destroy = command(
  "destroy",
  [fc.constantFrom("pr-7", "pr-7", "pr-7", "staging", "prod", "dev"), fc.boolean(), trouble, again],
  async (world, name, removed, wrong, more) => {
    await world.destroy(name, removed, wrong);
    if (wrong && more) await world.destroy(name, removed);
    else if (wrong) await world.refresh(name);
  },
);
const attach = command("attach", [stack, layer, fc.nat(100)], async (world, name, of, bytes) =>
  world.attach(name, of, `${bytes}`),
);
const byHand = command(
  "by hand",
  [stack, fc.nat(30), fc.boolean(), fc.boolean()],
  (world, name, index, away, refresh) => world.byHand(name, index, away, refresh),
);
const collect = command("collect", [], async (world) => world.collect());

const commands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: edit },
    { weight: 2, arbitrary: back },
    { weight: 1, arbitrary: merge },
    { weight: 4, arbitrary: up },
    { weight: 5, arbitrary: promote },
    { weight: 6, arbitrary: release },
    { weight: 5, arbitrary: hold },
    { weight: 2, arbitrary: destroy },
    { weight: 2, arbitrary: attach },
    { weight: 2, arbitrary: byHand },
    { weight: 1, arbitrary: collect },
  ),
  { minLength: 1, maxLength: 66, size: "max" },
);

/** What must come to pass several times. */
const needed = [
  ...[
    "up dev",
    "up pr-7",
    "up staging",
    "up prod",
    "refused",
    "failed",
    "killed",
    "release dev",
    "release staging",
    "release prod",
  ],
  ...[
    "hold image",
    "hold true",
    "hold false",
    "hold undefined",
    "destroy pr-7",
    "destroy staging",
    "versions adopted",
    "attached and copied",
  ],
  ...["moved by hand", "taken away by hand", "collect"],
];

describe("any sequence of builds, releases, promotions, rollbacks and destroys", () => {
  it("moves no tag that never moves, leaves no other one behind, and loses no image that is needed", async () => {
    const counts = new Map<string, number>();
    const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(setup, commands, async (given, sequence) => {
        const world = new World(given, count);
        for (const one of sequence) {
          count("commands");
          await one.run(world);
        }
      }),
      { numRuns: Number(process.env.STRATA_SEQUENCES ?? 220) },
    );
    if (process.env.STRATA_SEQUENCES_SHOW)
      process.stdout.write(`${JSON.stringify(Object.fromEntries([...counts].sort()))}\n`);
    // So that it cannot pass for want of anything to fail at.
    for (const what of needed) assert.ok((counts.get(what) ?? 0) >= 5, `${what}: ${counts.get(what)}`);
  });
});
