import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readStandIns } from "../../components/catalog/upstreams";
import { ensureStandIns } from "../../tools/upstreams/stand-ins";
import { withFolder } from "../components/catalog/folder";
import { home, testServices } from "./project";

describe("a stand-in", () => {
  it("is made whole where two make it at once, and leaves nothing else", async () => {
    const registry = await testServices();
    await withFolder({ "upstreams.yaml": `alpine:3.22: sha256:${"1".repeat(64)}\n` }, async (folder) => {
      const own = { ...home, standInsFile: join(folder, "stand-ins.yaml") };
      const make = () => ensureStandIns(join(folder, "upstreams.yaml"), registry, own, () => {});
      const { fetch } = globalThis;
      globalThis.fetch = () => Promise.reject(new Error("this machine reaches no registry"));
      try {
        const [one, other] = await Promise.all([make(), make()]);
        assert.deepEqual(Object.keys(one), ["alpine:3.22"]);
        assert.deepEqual(one, other);
        assert.deepEqual(readStandIns(own.standInsFile), one);
      } finally {
        globalThis.fetch = fetch;
      }
      assert.deepEqual(readdirSync(join(home.standIns, "making")), []);
      assert.deepEqual(readdirSync(folder).sort(), ["stand-ins.yaml", "upstreams.yaml"]);
    });
  });
});
