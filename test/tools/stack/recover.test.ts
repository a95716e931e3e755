import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { holderText, locksIn, runOf, stateFolder } from "../../../tools/stack/locks";
import { type Recovery, RecoveryRefused, recoverStack, recoveryLines } from "../../../tools/stack/recover";

const holder = { pid: 7305, username: "root", hostname: "vm", timestamp: "2026-11-21T13:38:06.377Z" };
const lockOf = (change: object) => ({ file: "lock.json", holder: { ...holder, hostname: hostname(), ...change } });

describe("locks of a state", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "locks-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are looked at in files, and nowhere else", () => {
    assert.equal(stateFolder("file:///srv/state?no_tmp_dir=true"), "/srv/state");
    assert.equal(stateFolder("file://~"), homedir());
    assert.equal(stateFolder("file://~/state"), join(homedir(), "state"));
    assert.equal(stateFolder("s3://bucket"), undefined);
    assert.equal(stateFolder("https://api.pulumi.com"), undefined);
  });

  it("are those of the stack alone, with their holders where these can be read", () => {
    const locks = join(folder, ".pulumi/locks/organization/strata");
    for (const stack of ["local", "dev"]) mkdirSync(join(locks, stack), { recursive: true });
    writeFileSync(
      join(locks, "local/a.json"),
      JSON.stringify({ ...holder, timestamp: "2026-11-21T14:38:06.377+01:00" }),
    );
    writeFileSync(join(locks, "local/a.json.attrs"), "{}");
    writeFileSync(join(locks, "local/b.json"), "");
    writeFileSync(join(locks, "dev/c.json"), JSON.stringify(holder));
    const found = locksIn(folder, "strata", "local");
    assert.deepEqual(
      found.map((lock) => lock.holder),
      [holder, undefined],
    );
  });

  it("are held by a run where a Pulumi of this machine has the number, and by none where another program has it", () => {
    assert.equal(runOf(lockOf({ pid: 2 ** 22 + 1 })), "ended");
    assert.equal(runOf(lockOf({ pid: process.pid })), "ended");
    assert.equal(runOf(lockOf({ hostname: "elsewhere" })), "unknown");
    assert.equal(runOf({ file: "lock.json", holder: undefined }), "unknown");
  });

  it("name their holders", () => {
    const text = "pulumi (process 7305 of root on vm, since 2026-11-21 13:38:06 UTC)";
    assert.equal(holderText({ file: "lock.json", holder }), text);
    assert.match(holderText({ file: "lock.json", holder: undefined }), /lock\.json/);
  });
});

describe("recovering a stack", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "recover-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: strata\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const image = { urn: "urn:pulumi:dev::strata::a$docker-build:index:Image::base", type: "docker-build:index:Image" };

  /** A Pulumi that answers an export with these operations, keeps what it was called with, and calls it an error to cancel nothing. */
  const fake = (backend: string, operations: readonly object[]) => {
    writeFileSync(join(folder, "state.json"), JSON.stringify({ deployment: { pending_operations: operations } }));
    const script = `#!/bin/sh
echo "$@" >> calls
case "$1 $2" in
  "stack export") cat state.json ;;
  "stack import") cat > imported.json ;;
  "cancel --yes") echo "error: nothing runs" >&2; exit 255 ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;
    writeFileSync(join(folder, "pulumi"), script);
    chmodSync(join(folder, "pulumi"), 0o755);
    return { PATH: `${folder}:${process.env.PATH}`, PULUMI_BACKEND_URL: backend };
  };
  const calls = () => readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");

  it("does nothing where there is nothing to recover", async () => {
    const env = fake(`file://${folder}`, []);
    const recovery = await recoverStack({ folder, stack: "dev", env, yes: false });
    assert.deepEqual(recovery, { stack: "dev", ended: [], left: [], locks: [], pending: [], removed: [] });
    assert.deepEqual(recoveryLines(recovery), []);
    assert.equal(calls().length, 1);
  });

  it("clears builds that were begun, by importing the state as it is", async () => {
    const env = fake(`file://${folder}`, [{ type: "creating", resource: image }]);
    const recovery = await recoverStack({ folder, stack: "dev", env, yes: false });
    assert.deepEqual(recovery.pending, [{ operation: "creating", type: image.type, name: "base" }]);
    assert.equal(readFileSync(join(folder, "imported.json"), "utf8"), readFileSync(join(folder, "state.json"), "utf8"));
  });

  it("asks before it forgets an operation that may have made something", async () => {
    const secret = {
      urn: "urn:pulumi:dev::strata::github:index/secret:Secret::token",
      type: "github:index/secret:Secret",
    };
    const env = fake(`file://${folder}`, [{ type: "creating", resource: secret }]);
    await assert.rejects(
      recoverStack({ folder, stack: "dev", env, yes: false }),
      /killed while creating github:index\/secret:Secret token; look whether .* strata recover --stack dev --yes/,
    );
    assert.equal(calls().length, 1);
    assert.equal((await recoverStack({ folder, stack: "dev", env, yes: true })).pending.length, 1);
  });

  it("asks before it touches a backend whose locks cannot be looked at, and names no password", async () => {
    const env = fake("postgres://me:secret@db/state", [{ type: "updating", resource: image }]);
    await assert.rejects(recoverStack({ folder, stack: "dev", env, yes: false }), (error: Error) => {
      assert.ok(error instanceof RecoveryRefused);
      assert.match(
        error.message,
        /locks of postgres:\/\/db\/state cannot be looked at .* strata recover --stack dev --yes/,
      );
      return true;
    });
    assert.equal(existsSync(join(folder, "calls")), false);
    const recovery = await recoverStack({ folder, stack: "dev", env, yes: true });
    assert.match(recovery.cancelled ?? "", /nothing runs/);
    assert.equal(recovery.pending.length, 1);
  });

  it("puts a state that was half written back to the copy of before, and leaves one that is whole, or has no better copy", async () => {
    const file = join(folder, ".pulumi/stacks/strata/dev.json");
    mkdirSync(join(folder, ".pulumi/stacks/strata"), { recursive: true });
    const recovered = async (now: string, before: string) => {
      writeFileSync(file, now);
      writeFileSync(`${file}.bak`, before);
      const recovery = await recoverStack({ folder, stack: "dev", env: fake(`file://${folder}`, []), yes: false });
      return { restored: recovery.restored, text: readFileSync(file, "utf8"), lines: recoveryLines(recovery) };
    };
    const [half, before, now] = ['{"version": 3, "check', '{"version": 2}', '{"version": 3}'];
    const line = `Put back what ${file} was before it was half written`;
    assert.deepEqual(await recovered(half, before), { restored: file, text: before, lines: [line] });
    assert.deepEqual(await recovered("", before), { restored: file, text: before, lines: [line] });
    assert.deepEqual(await recovered(now, before), { restored: undefined, text: now, lines: [] });
    assert.deepEqual(await recovered(now, half), { restored: undefined, text: now, lines: [] });
    assert.deepEqual(await recovered(half, half), { restored: undefined, text: half, lines: [] });
  });

  it("takes away what is half written beside a state, of this stack alone", async () => {
    const place = (name: string) => join(folder, ".pulumi", name);
    for (const name of ["stacks/strata", "history/strata/dev"]) mkdirSync(place(name), { recursive: true });
    const half = [
      "meta.yaml",
      "stacks/strata/dev.json",
      "stacks/strata/dev.json.bak",
      "stacks/strata/dev.pulumi-tags",
      "history/strata/dev/dev-1.history.json",
    ];
    for (const name of half) writeFileSync(place(`${name}.attrs`), "");
    const whole = ["stacks/strata/dev.json.gz.attrs", "history/strata/dev/dev-2.history.json.attrs"];
    for (const name of whole) writeFileSync(place(name), '{"user.content_type": ""}');
    const others = "stacks/strata/prod.json.attrs";
    writeFileSync(place(others), "");
    const recovery = await recoverStack({ folder, stack: "dev", env: fake(`file://${folder}`, []), yes: false });
    const files = half.map((name) => place(`${name}.attrs`));
    assert.deepEqual([...recovery.removed].sort(), files.sort());
    assert.equal(recoveryLines(recovery).length, half.length);
    assert.match(recoveryLines(recovery)[0] ?? "", /^Took away .*\.attrs, which was half written and is not needed$/);
    for (const file of files) assert.equal(existsSync(file), false);
    for (const name of [...whole, others]) assert.ok(existsSync(place(name)));
  });

  it("says what Pulumi said where it fails", async () => {
    const env = fake(`file://${folder}`, []);
    rmSync(join(folder, "state.json"));
    await assert.rejects(recoverStack({ folder, stack: "dev", env, yes: false }), /state\.json/);
  });

  it("is told in a line for each thing", () => {
    const plugin = { pid: 12, name: "pulumi-resource-docker-build" };
    const recovery: Recovery = {
      stack: "local",
      ended: [plugin],
      left: [{ ...plugin, pid: 13 }],
      locks: [holder],
      pending: [{ operation: "creating", type: image.type, name: "base" }],
      removed: [],
    };
    assert.deepEqual(recoveryLines(recovery), [
      "Ended pulumi-resource-docker-build (process 12), which the run had left behind",
      "Took away the lock of pulumi (process 7305 of root on vm, since 2026-11-21 13:38:06 UTC)",
      "Cleared a pending operation: creating docker-build:index:Image base",
      "Left pulumi-resource-docker-build (process 13): it may be at work for another run; if not, end it with: kill 13",
    ]);
  });
});
