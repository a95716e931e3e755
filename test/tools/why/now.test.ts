import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../../../components/catalog/catalog";
import type { Upstream } from "../../../components/catalog/upstreams";
import { type BuildSettings, layersNow } from "../../../tools/why/now";
import type { LayerState } from "../../../tools/why/states";
import { withFolder } from "../../components/catalog/folder";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const settings: BuildSettings = {
  platforms: ["linux/amd64"],
  labels: { team: "a" },
  compression: "zstd",
  builder: "ci",
  secrets: new Set(["token"]),
  placeOf: (layer) => ({ repository: `r/${layer}`, tagPrefix: "" }),
};
const family = {
  "images/base/Dockerfile": "FROM debian:12\nCOPY file /\n",
  "images/base/file": "1",
  "images/app/Dockerfile": "ARG A\nFROM base\nRUN --mount=type=secret,id=token --mount=type=secret,id=unset true\n",
  "images/app/image.yaml": "arguments: { A: x }\nrebuild: 2\n",
};

/** Reads the family of a folder, with the upstream pinned to a digest. */
function catalogIn(folder: string, pin = digest("0")) {
  const debian: Upstream = { name: "debian:12", ref: `debian@${pin}`, digest: pin, standIn: true };
  const source = { images: join(folder, "images"), root: folder, platforms: ["linux/amd64"], pinsFile: undefined };
  return readCatalog({ ...source, upstreams: new Map([["debian:12", debian]]) });
}

/** The state after an update that built everything. */
function built(folder: string): Map<string, LayerState> {
  const state = new Map<string, LayerState>();
  // As the engine goes: a layer's inputs are known when those beneath are built.
  for (const [index, { name }] of catalogIn(folder).entries()) {
    const { inputs = {} } = layersNow(catalogIn(folder), state, settings).get(name) ?? {};
    const image = { ref: "", digest: digest(String(index + 1)), buildId: "", record: {} };
    state.set(name, {
      stack: "dev",
      name,
      inputs,
      built: image,
      lastDigest: image.digest,
      tag: `r/${name}:b-1`,
      builder: "ci",
    });
  }
  // Pulumi gives maps back in an order of its own.
  const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());
  const app = state.get("app") as LayerState;
  state.set("app", { ...app, inputs: reversed({ ...app.inputs, labels: reversed(app.inputs.labels as object) }) });
  return state;
}

describe("what an update would make of a layer now", () => {
  const reasons = (
    folder: string,
    state: ReadonlyMap<string, LayerState>,
    change: Partial<BuildSettings> = {},
    pin?: string,
  ) =>
    Object.fromEntries(
      [...layersNow(catalogIn(folder, pin), state, { ...settings, ...change })].map(([name, now]) => [
        name,
        now.reasons,
      ]),
    );
  const same = { base: [], app: [] };

  it("is nothing where nothing changed", () =>
    withFolder(family, (folder) => {
      const state = built(folder);
      assert.deepEqual(reasons(folder, state), same);
      assert.deepEqual(state.get("app")?.inputs.secrets, ["token"], "a secret that the stack has");
      assert.deepEqual(
        reasons(folder, state, { secrets: undefined }),
        same,
        "where the configuration hides the secrets",
      );
    }));

  it("has the words of a plan, and reaches what stands on what changes", () =>
    withFolder(family, (folder) => {
      const state = built(folder);
      assert.deepEqual(reasons(folder, state, {}, digest("9")), {
        base: ["upstream debian:12 00000000…→99999999…"],
        app: ["parent base"],
      });
      appendFileSync(join(folder, "images/base/file"), "2");
      assert.deepEqual(reasons(folder, state), { base: ["M file"], app: ["parent base"] });
      writeFileSync(join(folder, "images/app/image.yaml"), "arguments: { A: y }\nrebuild: 3\n");
      assert.deepEqual(reasons(folder, state).app, ["argument A", "rebuild 2→3", "parent base"]);
    }));

  it("follows the stack's configuration", () =>
    withFolder(family, (folder) => {
      const state = built(folder);
      assert.deepEqual(reasons(folder, state, { compression: "gzip" }), {
        base: ["compression"],
        app: ["compression", "parent base"],
      });
      assert.deepEqual(reasons(folder, state, { labels: {} }).base, ["label team"]);
      assert.deepEqual(reasons(folder, state, { secrets: new Set() }).app, ["secrets"]);
      assert.deepEqual(reasons(folder, state, { builder: "other" }), { base: ["builder"], app: ["parent base"] });
      assert.deepEqual(reasons(folder, state, { placeOf: () => ({ repository: "q/x", tagPrefix: "" }) }).base, [
        "repository",
      ]);
    }));

  it("is a build of what the state has not, and of what failed", () =>
    withFolder(family, (folder) => {
      assert.deepEqual(reasons(folder, new Map()), { base: ["new"], app: ["new"] });
      const state = built(folder);
      state.set("base", { ...(state.get("base") as LayerState), built: undefined });
      assert.deepEqual(reasons(folder, state), { base: ["not built yet"], app: ["parent base"] });
    }));
});
