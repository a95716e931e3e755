import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { root } from "../../../tools/home";
import { isRunning } from "../../../tools/services/daemon";
import { makeScratchProject } from "../../../tools/stack/scratch-project";
import { stampFile, stampOf } from "../../../tools/toolchain/installed";
import { folderOf, planTools, serviceTools } from "../../../tools/toolchain/tools";
import { withFolder } from "../../components/catalog/folder";

const config = `config:
  strata:registry: localhost:1
  strata:builder: none
  strata:releaseTags: ["{version}"]
`;

const family = {
  "pins.yaml": "",
  "project/Pulumi.dev.yaml": config,
  "project/images/base/Dockerfile": "FROM scratch\nCOPY Dockerfile /base\n",
  "project/images/app/Dockerfile": "FROM base\nCOPY Dockerfile /app\n",
};

/** A Pulumi on whose stack nothing is yet. It sets the version of one layer, and hangs at that of the next one. */
const pulumi = `#!/bin/sh
case "$1 $2" in
  "stack output") echo "{}" ;;
  "config set")
    if [ -e half ]; then
      : >hangs
      exec sleep 60
    fi
    : >half
    echo '  strata:versions: {base: 1.0.0}' >>Pulumi.dev.yaml ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;

/** Calls the action while a release has written a half of what it asks for. */
function withRelease(action: (release: ReturnType<typeof strata>, folder: string) => Promise<void>): Promise<void> {
  return withFolder(family, async (parent) => {
    const folder = join(parent, "project");
    makeScratchProject(folder, join(parent, "pins.yaml"));
    cpSync(join(root, "tools"), join(folder, "tools"), { recursive: true });
    for (const tool of [...planTools, ...serviceTools]) {
      const write = (path: string, text: string) => {
        const copy = join(folder, relative(root, path));
        mkdirSync(dirname(copy), { recursive: true });
        writeFileSync(copy, text, { mode: 0o755 });
      };
      write(join(folderOf(tool), tool.name), tool.name === "pulumi" ? pulumi : "#!/bin/sh\nexit 1\n");
      write(stampFile(tool), stampOf(tool));
    }
    const release = strata(folder);
    try {
      while (!existsSync(join(folder, "hangs")) && isRunning(release.pid as number)) await sleep(20);
      assert.notEqual(readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8"), config);
      await action(release, folder);
    } finally {
      release.kill("SIGTERM");
      await release;
    }
  });
}

function strata(folder: string) {
  return execa(
    join(folder, "bin/strata"),
    ["release", "base", "app", "--version", "1.0.0", "--stack", "dev", "--yes"],
    {
      reject: false,
      stdin: "ignore",
      // What is detached has no terminal, and so nobody else who gets the signal.
      detached: true,
      timeout: 50_000,
    },
  );
}

describe("a release that is ended while it writes what is asked for", function () {
  this.timeout(60_000);

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`by ${signal} leaves the files as they were`, () =>
      withRelease(async (release, folder) => {
        release.kill(signal);
        const { exitCode, stderr } = await release;
        assert.equal(exitCode, code, stderr);
        assert.match(stderr, /nothing was changed/);
        assert.equal(readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8"), config);
      }));
  }

  it("has kept another one from beginning, which names it and changes nothing", () =>
    withRelease(async (release, folder) => {
      const written = readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8");
      const { exitCode, stderr } = await strata(folder);
      assert.equal(exitCode, 1);
      assert.match(stderr, new RegExp(`under way in this clone, as process ${release.pid};`));
      assert.equal(readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8"), written);
    }));
});
