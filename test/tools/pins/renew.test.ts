import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { surveyCatalog } from "../../../components/catalog/catalog";
import type { LocksSource } from "../../../tools/pins/pins";
import { withPresentPackages } from "../../../tools/pins/renew";
import { withFolder } from "../../components/catalog/folder";

const upstream = { name: "debian:13", ref: "debian@sha256:1", digest: "sha256:1", standIn: false };

const install =
  "RUN --mount=type=bind,source=packages.lock,target=/packages.lock apt-get install -y $(cat /packages.lock)\n";

/** A family that installs a package, and a builder that is told by the archive of another version every time. */
const moving = {
  "images/base/Dockerfile": `FROM debian:13\n${install}`,
  "images/base/packages.txt": "tree\n",
  "images/base/packages.lock": "tree=0\n",
  "bin/buildx": `#!/bin/sh
for argument; do
  case "$argument" in type=local,dest=*) answers=\${argument#type=local,dest=} ;; esac
done
cd "$(dirname "$0")" && echo >>asked && mkdir "$answers" && version=$(wc -l <asked) && cd "$answers" || exit 1
echo apt >manager
echo 0 >status
: >available
echo "Inst tree ($version Debian:13/stable [amd64])" >simulated
`,
};

const dropped = "E: Version '0.9-1' for 'tree' was not found";

describe("an update that may write locks anew", () => {
  /** Fails always. @returns how often it ran, what was told, and what came of it */
  async function failing(message: string, source: () => LocksSource) {
    let runs = 0;
    const told: string[] = [];
    const update = () => Promise.reject(new Error(message, { cause: ++runs }));
    const error = await withPresentPackages(update, source, (text) => told.push(text)).catch((error: Error) => error);
    return { runs, told, error };
  }

  it("does nothing about what has another cause", async () => {
    const { runs, told, error } = await failing("the registry is full", () => assert.fail("no lock is looked at"));
    assert.deepEqual(
      { runs, told, message: (error as Error).message },
      { runs: 1, told: [], message: "the registry is full" },
    );
  });

  it("fails as it did where there is no lock to write", async () => {
    const { runs, error } = await failing(dropped, () => ({
      catalog: [],
      builder: "none",
      env: {},
      built: async () => new Map(),
      report: () => {},
    }));
    assert.deepEqual({ runs, message: (error as Error).message }, { runs: 1, message: dropped });
  });

  it("fails as it did where the archive has moved on again and again", () =>
    withFolder(moving, async (folder) => {
      chmodSync(join(folder, "bin/buildx"), 0o755);
      const { layers: catalog } = surveyCatalog({
        images: join(folder, "images"),
        upstreams: new Map([[upstream.name, upstream]]),
        pinsFile: "upstreams.yaml",
        platforms: ["linux/amd64"],
      });
      const { runs, told, error } = await failing(dropped, () => ({
        catalog,
        builder: "none",
        env: { PATH: `${join(folder, "bin")}:${process.env.PATH}` },
        built: async () => new Map(),
        report: () => {},
      }));
      assert.deepEqual({ runs, message: (error as Error).message }, { runs: 3, message: dropped });
      assert.equal(told.filter((text) => text.startsWith("Wrote ")).length, 2);
      assert.equal(readFileSync(join(folder, "images/base/packages.lock"), "utf8"), "tree=2\n");
    }));
});
