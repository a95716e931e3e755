import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { root } from "../../tools/home";

interface Extension {
  readonly from: "pypi" | "npm" | "go" | "cargo" | "debian";
  readonly version: string;
  readonly package?: string;
  readonly packages?: readonly string[];
  readonly requires?: readonly string[];
  readonly commands: Readonly<Record<string, string>>;
  readonly check: readonly string[];
}

const folder = join(root, "images/app/extensions");
const schema = z.fromJSONSchema(JSON.parse(readFileSync(join(folder, "extension.schema.json"), "utf8")));
const names = readdirSync(folder).filter((name) => !name.endsWith(".json"));
const read = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");
const definitionOf = (name: string) => JSON.parse(read(name, "extension.json")) as Extension;
const pinned = { description: "For a test", category: "tool", from: "pypi", package: "x", commands: { x: "bin/x" } };

/** What lies beside a definition, by the registry that it comes from. */
const lockFiles: Readonly<Record<Extension["from"], readonly string[]>> = {
  pypi: ["requirements.txt"],
  npm: ["package-lock.json", "package.json"],
  go: ["go.mod", "go.sum"],
  cargo: [],
  debian: [],
};

/** The extension whose programs an installer needs. */
const installerOf: Readonly<Partial<Record<Extension["from"], string>>> = { npm: "node", go: "go", cargo: "rust" };

describe("extensions of the app image", () => {
  it("are at least twenty, of every kind", () => {
    assert.ok(names.length >= 20, `there are ${names.length}`);
    const kinds = new Set(names.map((name) => definitionOf(name).from));
    assert.deepEqual([...kinds].sort(), Object.keys(lockFiles).sort());
  });

  it("have a schema that refuses what is not pinned, not known or leads out of its folder", () => {
    const whole = { $schema: "../extension.schema.json", version: "1.2", check: ["x"], ...pinned };
    assert.ok(schema.safeParse(whole).success);
    for (const wrong of [
      { version: "latest" },
      { more: 1 },
      { commands: { x: "../x" } },
      { commands: {} },
      { from: "web" },
      { packages: ["git"] },
      { requires: ["../x"] },
    ]) {
      assert.ok(!schema.safeParse({ ...whole, ...wrong }).success, JSON.stringify(wrong));
    }
  });

  it("install each command, and each Debian package, once", () => {
    const definitions = names.map(definitionOf);
    for (const once of [
      definitions.flatMap(({ commands }) => Object.keys(commands)),
      definitions.flatMap(({ packages = [] }) => packages.map((entry) => entry.split("=")[0])),
    ]) {
      assert.deepEqual([...new Set(once)], once);
    }
  });

  for (const name of names) {
    it(`${name} is as the schema says, complete, and pinned with checksums`, () => {
      const parsed = schema.safeParse(JSON.parse(read(name, "extension.json")));
      assert.ok(parsed.success, parsed.error?.message);
      const { from, version, packages, requires = [], package: of, commands, check } = definitionOf(name);
      assert.deepEqual(readdirSync(join(folder, name)).sort(), ["extension.json", ...lockFiles[from]].sort());
      assert.equal(of === undefined, from === "debian");
      assert.equal(packages === undefined, from !== "debian");
      for (const required of requires) assert.ok(existsSync(join(folder, required)), `no extension ${required}`);
      const installer = installerOf[from];
      if (installer) assert.ok(requires.includes(installer), `needs ${installer}`);
      assert.ok(Object.keys(commands).includes(check[0] as string), "checks another command than its own");
      assert.equal(pinnedVersion(name, from, of), from === "cargo" || from === "debian" ? undefined : version);
      if (from === "debian") assert.ok(packages?.[0]?.includes(version), "another version than its first package's");
    });
  }
});

/** The version that the lock has, after a look whether all in it has a checksum; undefined for kinds without one. */
function pinnedVersion(name: string, from: Extension["from"], of = ""): string | undefined {
  if (from === "pypi") {
    const entries = read(name, "requirements.txt").replaceAll("\\\n", "").trim().split("\n");
    for (const entry of entries)
      assert.match(entry, /^[\w.-]+(\[[\w,-]+\])?==\S+( +;[^#]+?)?( +--hash=sha256:[0-9a-f]{64})+$/);
    return entries.find((entry) => entry.startsWith(`${of}==`))?.match(/==(\S+)/)?.[1];
  }
  if (from === "npm") {
    const { packages } = JSON.parse(read(name, "package-lock.json")) as {
      packages: Record<string, { version: string; integrity?: string; resolved?: string }>;
    };
    for (const [path, entry] of Object.entries(packages)) {
      if (path === "") continue;
      assert.match(entry.integrity ?? "", /^sha512-/, path);
      assert.equal(entry.resolved, undefined, `${path}: names a registry's host`);
    }
    return packages[`node_modules/${of}`]?.version;
  }
  if (from === "go") {
    assert.ok(read(name, "go.mod").includes(`tool ${of}\n`), `go.mod has no tool ${of}`);
    const [, module = "", version = ""] =
      [...read(name, "go.mod").matchAll(/(\S+) v(\S+)/g)]
        .filter(([, path]) => `${of}/`.startsWith(`${path}/`))
        .sort(([, a = ""], [, b = ""]) => b.length - a.length)[0] ?? [];
    assert.ok(read(name, "go.sum").includes(`${module} v${version} h1:`), "go.sum has no checksum of it");
    return version;
  }
  return undefined;
}
