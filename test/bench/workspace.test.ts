import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender } from "../../bench/contenders/contender";
import { provider } from "../../bench/contenders/provider";
import { Workspace } from "../../bench/workspace";
import { homeAt } from "../../tools/home";

describe("a workspace of the benchmark", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), "strata-bench-"));
  const forgotten: string[] = [];
  const session = {
    home: homeAt(folder),
    registry: "localhost:1",
    log: join(folder, "log"),
    limit: 20_000,
    signal: new AbortController().signal,
    services: { forget: (organisation: string) => forgotten.push(organisation) },
  };
  const family = { name: "none", write: () => {}, changes: {} };
  const contender: Contender = {
    ...{ id: "c", title: "", about: "", shown: () => "" },
    build: async () => {},
    imageOf: () => ({ repository: "", tag: "" }),
  };
  const open = (hash = "images", code = "program") => Workspace.open("one", family, contender, session, { hash, code });
  const built = async () => {
    const work = await open();
    work.begin();
    work.done();
    return work.place.organisation;
  };
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is the one of before, also after a run that was ended halfway, which it then makes up for", async () => {
    const organisation = await built();
    const again = await open();
    assert.equal(again.place.organisation, organisation);
    assert.deepEqual([again.built, again.needsSettling], [true, false]);
    again.begin();
    assert.equal((await open()).needsSettling, true);
  });

  for (const [why, hash, code] of [
    ["other images", "others", "program"],
    ["another program", "images", "other"],
  ] as const) {
    it(`is a new one for ${why}, with nothing of the old one in the registry`, async () => {
      const organisation = await built();
      const other = await open(hash, code);
      assert.notEqual(other.place.organisation, organisation);
      assert.equal(other.built, false);
      assert.equal(forgotten.at(-1), organisation);
    });
  }

  it("is a new one where its first build was ended halfway: what is measured next is a first build", async () => {
    const work = await open("fresh");
    work.begin();
    const other = await open("fresh");
    assert.notEqual(other.place.organisation, work.place.organisation);
    assert.equal(forgotten.at(-1), work.place.organisation);
  });

  it("does not have the engine keep from the provider's own users what they have: a look at each file", async () => {
    const work = await open();
    const echo = "echo legacy=$PULUMI_ENABLE_LEGACY_DIFF";
    const told: string[] = [await work.output("sh", ["-c", echo])];
    const run: Workspace["run"] = async (_command, _args, env) => {
      told.push(await work.output("sh", ["-c", echo], env));
    };
    await provider.build({ run } as Workspace);
    assert.deepEqual(told, ["legacy=true", "legacy="]);
  });
});
