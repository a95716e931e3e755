import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { contenders } from "../../bench/contenders/contenders";
import { monolith, stagesOf } from "../../bench/contenders/monolith";
import { touches } from "../../bench/contenders/path-filters";
import { programOf } from "../../bench/contenders/provider";
import { packageMissingIn, packages } from "../../bench/families/family";
import { levelsOf } from "../../bench/families/layers";
import { miseVersions, nextMise, sindri } from "../../bench/families/sindri";
import { small } from "../../bench/families/small";
import { contenderIds } from "../../bench/schedule";
import { readLock } from "../../components/catalog/pins/packages";
import { root } from "../../tools/home";

const place = { registry: "ghcr.io", organisation: "acme", builder: "strata-local" };

describe("one Dockerfile of several", () => {
  it("prefixes sources, names last stages after their layers, and keeps stages apart", () => {
    const joined = monolith([
      {
        name: "base",
        text: "FROM debian:13 AS go\nCOPY a b ./\nRUN --mount=type=bind,source=lock,target=/lock cat /lock\nFROM debian:13\nCOPY --link --from=go /out/ /\n",
      },
      {
        name: "tooling",
        text: "FROM debian:13 AS go\nFROM go AS sops\nRUN --mount=type=bind,from=sops,source=/x,target=/x true\nFROM base\nCOPY --link --chown=1:1 etc/ /etc/\nCOPY --from=sops /out/ /\n",
      },
    ]);
    assert.equal(
      joined,
      `FROM debian:13 AS go
COPY base/a base/b ./
RUN --mount=type=bind,source=base/lock,target=/lock cat /lock
FROM debian:13 AS base
COPY --link --from=go /out/ /

FROM debian:13 AS tooling-go
FROM tooling-go AS sops
RUN --mount=type=bind,from=sops,source=/x,target=/x true
FROM base AS tooling
COPY --link --chown=1:1 tooling/etc/ /etc/
COPY --from=sops /out/ /
`,
    );
  });

  it("tells which of its stages were a layer's", () => {
    const layers = [
      { name: "base", text: "FROM debian:13 AS go\nFROM debian:13\n" },
      { name: "tooling", text: "FROM debian:13 AS go\nFROM go AS sops\nFROM base\n" },
    ];
    assert.deepEqual(stagesOf("base", layers), ["base", "go"]);
    assert.deepEqual(stagesOf("tooling", layers), ["tooling", "tooling-go", "sops"]);
  });

  it("is refused for what it would join wrongly", () => {
    const refused = (text: string) =>
      assert.throws(() => monolith([{ name: "x", text }]), /^Error: x: cannot be joined/);
    refused("FROM a\nADD b /\n");
    refused('FROM a\nCOPY ["b", "/"]\n');
    refused("FROM a\nCOPY b \\\n  /\n");
    refused("FROM a AS b\n");
  });

  it("can be made of this project's images", () => {
    const layers = ["base", "tools", "tooling", "app"].map((name) => ({
      name,
      text: readFileSync(join(root, "images", name, "Dockerfile"), "utf8"),
    }));
    const joined = monolith(layers);
    const stages = [...joined.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage);
    assert.equal(new Set(stages).size, stages.length);
    assert.deepEqual(stages.at(-1), "app");
    // Whatever a stage is taken from is a stage before it.
    for (const [, from = ""] of joined.matchAll(/--from=(\S+)/g)) assert.ok(stages.includes(from), from);
  });
});

describe("path filters", () => {
  it("find what a change touches, by whole names of folders", () => {
    assert.ok(touches(["images/app/etc/motd"], ["images/app"]));
    assert.ok(touches(["fleet/go.mod"], ["fleet/go.mod"]));
    assert.ok(!touches(["images/app2/etc/motd"], ["images/app"]));
    assert.ok(!touches([], ["images/app"]));
  });
});

describe("the provider's program", () => {
  it("chains images by ref, and pushes them with a cache", () => {
    const layer = { context: "images/base", dockerfilePath: "", layers: [], rebuild: 0 };
    const upstreams = [{ name: "debian:13", ref: "r@sha256:1", digest: "sha256:1", standIn: false }];
    const program = programOf(
      [
        { ...layer, name: "base", upstreams },
        { ...layer, name: "my-app", context: "images/my-app", upstreams: [], layers: ["base"], rebuild: 2 },
      ],
      place,
    );
    assert.match(program, /"debian:13": \{ location: "docker-image:\/\/r@sha256:1" \}/);
    assert.match(program, /"base": \{ location: pulumi\.interpolate`docker-image:\/\/\$\{base\.ref\}` \}/);
    assert.match(program, /const my_app = new docker_build\.Image\("my-app", \{/);
    assert.match(program, /addHosts: \["rebuild-2:127\.0\.0\.1"\]/);
    assert.match(
      program,
      /cacheTo: \[\{ registry: \{ imageManifest: true, ociMediaTypes: true, ref: "ghcr\.io\/acme\/base:cache" \} \}\]/,
    );
  });
});

describe("all contenders", () => {
  for (const id of contenderIds) {
    it(`(${id}) has its own id, and shows its commands`, () => {
      assert.equal(contenders[id].id, id);
      assert.match(contenders[id].shown(place), /buildx (build|bake)|pulumi up/);
    });
  }
});

describe("the changes", () => {
  it("move mise from each version to another one, with its checksum", () => {
    const texts = ["package.json", "package-lock.json"].map((file) =>
      readFileSync(join(root, "images/tools/mise", file), "utf8"),
    );
    for (let text of texts) {
      const seen = new Set([text]);
      for (let change = 1; change < miseVersions.length; change++) {
        text = nextMise(text);
        assert.ok(!seen.has(text), `the version of change ${change} was there before`);
        seen.add(text);
      }
    }
    const [, lock = ""] = texts.map(nextMise);
    const [, second] = miseVersions;
    assert.ok(second && lock.includes(second[0]) && lock.includes(second[1]));
    assert.throws(() => nextMise("{}"), /miseVersions lacks/);
  });

  it("add packages that are not there, as a lock names them, while there are any", () => {
    const [first = "", second = ""] = packages;
    assert.equal(packageMissingIn("a=1\n"), first);
    assert.equal(packageMissingIn(`install ${first} \\\n`), second);
    assert.throws(() => packageMissingIn(packages.join("\n")), /no further package/);
    const lock = readFileSync(join(root, "images/base/packages.lock"), "utf8");
    const [edit] = sindri.changes.package?.edits ?? [];
    const own = readLock(lock, "packages.lock");
    assert.equal(readLock(edit?.edit(lock, 1) ?? "", "packages.lock").size, own.size + 1);
    for (const name of packages) assert.ok(!own.has(name.split("=")[0] as string), `${name} is in base already`);
  });

  for (const family of [sindri, small]) {
    it(`of ${family.name} are those of the mix, and a rebuild`, () => {
      assert.deepEqual(Object.keys(family.changes).sort(), ["app", "configuration", "package", "rebuild", "tool"]);
    });
  }

  it("raise rebuild in the place of what it was", () => {
    const [edit] = sindri.changes.rebuild?.edits ?? [];
    assert.equal(edit?.edit("description: x\n", 3), "description: x\nrebuild: 3\n");
    assert.equal(edit?.edit("rebuild: 3\ndescription: x\n", 4), "description: x\nrebuild: 4\n");
  });
});

describe("families of many layers", () => {
  it("have each layer once, on few enough levels for bake", () => {
    const sizes = [3, 14, 100, 500];
    assert.deepEqual(
      sizes.map((size) => levelsOf(size).length),
      [3, 6, 10, 10],
    );
    for (const size of sizes) {
      assert.deepEqual(levelsOf(size).flat(), [...Array(size).keys()]);
    }
  });
});
