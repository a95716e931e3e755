import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mountBlobs } from "../../components/mount";
import { withTools } from "./fake-tool";

describe("blobs that a registry mounts", () => {
  it("are asked for one by one, by their digests", async () => {
    await withTools({ regctl: 'echo "$*" >> "$CALLS"' }, async (env) => {
      await mountBlobs(["sha256:1", "sha256:2"], "ghcr.io/acme/base", "ghcr.io/acme/app", env);
      assert.deepEqual(readFileSync(env.CALLS, "utf8").trim().split("\n").sort(), [
        "blob copy ghcr.io/acme/base ghcr.io/acme/app sha256:1",
        "blob copy ghcr.io/acme/base ghcr.io/acme/app sha256:2",
      ]);
      await mountBlobs([], "ghcr.io/acme/base", "ghcr.io/acme/app", { PATH: "/nowhere" });
    });
  });

  it("are not sent by regctl where it does not, and no other is waited for", async () => {
    const refused = 'level=WARN msg=\\"Failed to mount blob\\" err=\\"mount returned a location\\"';
    const script = `case "$*" in *sha256:1) echo "${refused}" >&2;; esac; while :; do :; done`;
    await withTools({ regctl: script }, async (env) => {
      await assert.rejects(mountBlobs(["sha256:1", "sha256:2"], "ghcr.io/acme/base", "ghcr.io/acme/app", env), {
        name: "RegistryError",
        message: /^ghcr\.io\/acme\/app: regctl blob copy failed: .*Failed to mount blob/,
      });
    });
  });

  it("are an error also where regctl has sent them by then", async () => {
    await withTools({ regctl: 'echo "Failed to mount blob" >&2' }, async (env) => {
      await assert.rejects(mountBlobs(["sha256:1"], "ghcr.io/acme/base", "ghcr.io/acme/app", env), /Failed to mount/);
    });
  });
});
