import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { familyNamed } from "../../bench/families/families";
import type { Change } from "../../bench/families/family";
import { bakeFile } from "../../components/catalog/bake";
import { buildId } from "../../components/catalog/build-id";
import { type Catalog, readCatalog } from "../../components/catalog/catalog";
import { filesText } from "../../components/catalog/files";
import { readUpstreams } from "../../components/catalog/upstreams";
import { root } from "../../tools/home";

const upstreams = readUpstreams(join(root, "upstreams.yaml"), undefined);

describe("the benchmark's families", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "family-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = () =>
    readCatalog({
      images: join(folder, "images"),
      root: folder,
      upstreams,
      pinsFile: "upstreams.yaml",
      platforms: ["linux/amd64"],
    });

  for (const name of ["sindri", "small", "tiny", "fleet", "big-small"]) {
    it(`have with ${name} changes that reach the layers that they say`, () => {
      const family = familyNamed(name);
      family.write(folder);
      let before = idsOf(read());
      const changes = Object.entries(family.changes).filter(([, { edits }]) => edits.length > 0);
      assert.ok(changes.length > 0);
      // Twice: a second change of a kind must be another one.
      [...changes, ...changes].forEach(([what, change], index) => {
        apply(change, index + 1);
        const after = idsOf(read());
        const changed = Object.keys(after).filter((layer) => after[layer] !== before[layer]);
        for (const layer of change.reaches) assert.ok(changed.includes(layer), `${what} does not reach ${layer}`);
        const own = changed[0] as string;
        if (change.rebuilds) assert.equal(own, change.rebuilds);
        before = after;
      });
    });
  }

  for (const layers of [3, 14, 100]) {
    it(`have so many layers as is asked for: ${layers}`, () => {
      familyNamed(`layers${layers}`).write(folder);
      assert.equal(read().length, layers);
    });
  }

  it("have the 21 services of the fleet read no files of each other", () => {
    familyNamed("fleet").write(folder);
    const services = read().filter(({ name }) => name !== "toolchain");
    assert.equal(services.length, 21);
    for (const { name, files } of services) {
      const paths = files.map(({ path }) => path).sort();
      assert.deepEqual(paths, ["go.mod", `services/${name}/main.go`, "shared/shared.go"]);
    }
    assert.equal(Object.keys(bakeFile(read()).target).length, 22);
  });

  function apply({ edits }: Change, serial: number): void {
    for (const { path, edit } of edits) {
      const file = join(folder, path);
      writeFileSync(file, edit(existsSync(file) ? readFileSync(file, "utf8") : "", serial));
    }
  }
});

/** What images are made of, by layer: parents by their own ids. */
function idsOf(catalog: Catalog): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const layer of catalog) {
    const { name, dockerfile, platforms, rebuild, layers } = layer;
    const parents = Object.fromEntries(layers.map((parent) => [parent, ids[parent] as string]));
    const made = { files: filesText(layer.files), dockerfile, arguments: layer.arguments, platforms, rebuild };
    ids[name] = buildId({ ...made, options: {}, parents });
  }
  return ids;
}
