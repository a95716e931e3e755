import assert from "node:assert/strict";
import { askRegistry, tellRegistry } from "../../components/registry";
import { withTools } from "./fake-tool";

describe("a registry that is told to do something", () => {
  const refs = ["prod.example/x:1.0", "dev.example/x@sha256:0"] as const;
  const failing: [string, string, string | RegExp][] = [
    [
      "names what it was about, and what regctl said in the end",
      "echo 'time=2026-11-21T20:42:34Z level=WARN msg=\"Failed to push\"' >&2; echo 'failed to put [http 400]' >&2; exit 1",
      "prod.example/x:1.0: regctl image copy failed: failed to put [http 400]",
    ],
    [
      "is a failure where something is not there",
      "echo 'dev.example/x: not found [http 404]' >&2; exit 1",
      "prod.example/x:1.0: regctl image copy failed: dev.example/x: not found [http 404]",
    ],
    [
      "says where to log in: at the one that refused",
      "echo 'failed to get dev.example/x: unauthorized [http 401]' >&2; exit 1",
      /; log in with: docker login dev\.example$/,
    ],
    [
      "says where to log in: at either, where regctl does not say who refused",
      "echo 'denied [http 403]' >&2; exit 1",
      /; log in with: docker login prod\.example or docker login dev\.example$/,
    ],
    [
      "does not tell what opens a storage that it was sent on to",
      "echo 'Get \"https://s3.example/blob?X-Signature=secret\": denied' >&2; exit 1",
      /Get "https:\/\/s3\.example\/blob\?…": denied$/,
    ],
  ];
  for (const [what, script, message] of failing) {
    it(what, async () => {
      await withTools({ regctl: script }, async (env) => {
        await assert.rejects(tellRegistry(["image", "copy"], refs, env), { name: "RegistryError", message });
      });
    });
  }

  it("is told again after a failure that passes, and ends when it is to", async () => {
    const fails = '[ -e "$CALLS" ] || { echo 1 > "$CALLS"; echo "failed [http 502]" >&2; exit 1; }';
    await withTools({ regctl: fails }, (env) => tellRegistry(["image", "copy"], refs, env));
    const ending = new AbortController();
    await withTools({ regctl: "while :; do :; done" }, async (env) => {
      setTimeout(() => ending.abort(), 100);
      const options = { signal: ending.signal, time: 60_000 };
      await assert.rejects(tellRegistry(["image", "copy"], refs, env, options), /regctl was ended/);
      await assert.rejects(askRegistry(["tag", "ls"], "x", env, { time: 100 }), /no answer within 0\.1 s/);
    });
  });
});
