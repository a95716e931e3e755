import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { nameIn } from "../../components/urn";
import { pulumiHome, root } from "../../tools/home";
import { buildkitAddress } from "../../tools/services/buildkit";
import { stopDaemon } from "../../tools/services/daemon";
import { emptyBuildkit, startServices } from "../../tools/services/services";
import { home, type Operation, Project, stepsOf } from "./project";

const nobody = 65534;

/** base → tooling → app: a step that runs, a file that can be executed, a link, a name that is not ASCII, an upload of 20 MB. */
const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nCOPY big /big\nRUN echo base > /base\n",
  "images/tooling/Dockerfile": "FROM base\nCOPY files /usr/share/tooling/\n",
  "images/tooling/files/run.sh": "echo run\n",
  "images/tooling/files/Ünïcode ı İ.txt": "naïve\n",
  "images/app/Dockerfile": "FROM tooling\nCOPY --link app.conf /etc/\nENV APP=1\n",
  "images/app/app.conf": "port 1\n",
};

describe("a family that is up to date", function () {
  this.timeout(300_000);
  let project: Project;
  const folders: string[] = [];
  before(async () => {
    project = await Project.make(family);
    chmodSync(join(project.folder, "images/tooling/files/run.sh"), 0o755);
    symlinkSync("run.sh", join(project.folder, "images/tooling/files/link"));
    writeFileSync(join(project.folder, "images/base/big"), randomBytes(20_000_000));
    await project.up();
    project.write(".gitignore", "node_modules\ncomponents\nstate\n.strata\n");
    await git(project.folder, "init", "--quiet", ".");
    await git(project.folder, "add", "--all");
    await git(project.folder, "commit", "--quiet", "--message", "All");
  });
  after(() => {
    project?.remove();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it("stays as it is", async () => {
    for (let run = 0; run < 2; run++) await untouched(() => project.up());
  });

  describe("stays as it is under", () => {
    for (const umask of ["002", "077"]) {
      it(`a fresh clone elsewhere, with umask ${umask}`, async () => {
        const folder = await clone(umask);
        await unchanged("preview", folder);
        await unchanged("up", folder);
      });
    }

    it("another user", async function () {
      const folder = await clone("022");
      const env = forNobody(folder);
      const asNobody = [
        "setpriv",
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        "--clear-groups",
        "--no-new-privs",
        "--",
      ] as const;
      // A clone under somebody's home folder is nobody else's to read.
      const reads = await execa(asNobody[0], [...asNobody.slice(1), "test", "-r", join(root, "index.ts")], {
        reject: false,
      });
      if (reads.failed) this.skip();
      await unchanged("preview", folder, env, asNobody);
    });

    const environments: [string, Record<string, string>][] = [
      ["another locale", { LC_ALL: "C", LANG: "C" }],
      ["a locale whose letters are others", { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" }],
      ["another time zone", { TZ: "Pacific/Kiritimati" }],
      ["another machine's DOCKER_HOST", { DOCKER_HOST: "tcp://127.0.0.1:9", DOCKER_CONTEXT: "other" }],
    ];
    for (const [what, env] of environments) {
      it(what, async () => {
        await untouched(() => project.preview(env));
        await untouched(() => project.up({}, env));
      });
    }

    it("a BuildKit that was started again, and one that was emptied", async () => {
      await stopDaemon("buildkitd", home);
      await startServices(home);
      await untouched(() => project.up());
      await emptyBuildkit(home);
      await untouched(() => project.preview());
      await untouched(() => project.up());
    });

    it("a registry's new password", async () => {
      const config = () => project.run("cat", `${home.docker}/config.json`);
      const before = await config();
      await stopDaemon("registry", home);
      for (const file of ["registry.password", "registry.htpasswd"]) rmSync(join(home.run, file));
      await startServices(home);
      assert.notEqual(await config(), before);
      await untouched(() => project.preview());
      await untouched(() => project.up({ refresh: true }));
    });
  });

  describe("on an emptied BuildKit", () => {
    beforeEach(() => emptyBuildkit(home));

    it("plans nothing for a comment", async () => {
      project.append("images/base/Dockerfile", "# why\n");
      await untouched(() => project.preview());
      await untouched(() => project.up());
    });

    it("builds base to the same digest for a stage that is not used, and touches nothing above", async () => {
      const before = await project.digests();
      project.write("images/base/Dockerfile", `FROM scratch AS unused\n${project.read("images/base/Dockerfile")}`);
      const preview = await project.preview();
      assert.deepEqual(preview.layers.app?.reasons, ["parent tooling"]);
      const up = await project.up({}, {}, Object.values(preview.layers));
      assert.deepEqual(imagesIn(up), ["base"]);
      assert.deepEqual(up.layers.tooling?.cutOff, ["base"]);
      assert.deepEqual(await project.digests(), before);
    });

    it("lays linked copies on a new base without that base's files", async () => {
      const before = await project.digests();
      project.append("images/tooling/files/run.sh", "echo more\n");
      await project.up({ target: ["**tooling"], targetDependents: false });
      await emptyBuildkit(home);
      const up = await project.up();
      assert.deepEqual(imagesIn(up), ["app"]);
      assert.notEqual((await project.digests()).app, before.app);
      const held = await bytesInBuildkit();
      assert.ok(held > 0 && held < 10_000_000, `${held} bytes, and base alone has a file of 20 MB`);
    });
  });

  /** Made as another machine would make it: from what git has. */
  async function clone(umask: string): Promise<string> {
    const parent = mkdtempSync(join(tmpdir(), "strata-"));
    chmodSync(parent, 0o755);
    folders.push(parent);
    const folder = join(parent, "a clone");
    const command = 'umask "$0" && exec git clone --quiet --no-local "$1" "$2"';
    await execa("sh", ["-c", command, umask, project.folder, folder], { timeout: 60_000 });
    for (const name of ["components", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
    return folder;
  }

  /** What nobody needs of what is the superuser's: credentials, the state, a folder to write to. */
  function forNobody(folder: string): Record<string, string> {
    const own = join(folder, "../home");
    cpSync(home.docker, join(own, "docker"), { recursive: true });
    cpSync(join(project.folder, "state"), join(own, "state"), { recursive: true });
    cpSync(project.env.PULUMI_CONFIG_PASSPHRASE_FILE as string, join(own, "passphrase"));
    cpSync(project.env.SSL_CERT_FILE as string, join(own, "authorities.pem"));
    cpSync(join(pulumiHome, "plugins"), join(own, "pulumi/plugins"), { recursive: true, verbatimSymlinks: true });
    return {
      HOME: own,
      PULUMI_HOME: join(own, "pulumi"),
      PULUMI_BACKEND_URL: `file://${join(own, "state")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(own, "passphrase"),
      SSL_CERT_FILE: join(own, "authorities.pem"),
      DOCKER_CONFIG: join(own, "docker"),
    };
  }

  async function unchanged(
    verb: "preview" | "up",
    folder: string,
    env: Readonly<Record<string, string>> = {},
    [command = "pulumi", ...as]: readonly string[] = [],
  ): Promise<void> {
    if (as.length > 0) await execa("chown", ["-R", "--no-dereference", `${nobody}:${nobody}`, join(folder, "..")]);
    const args = [verb, "--expect-no-changes", "--diff", ...(verb === "up" ? ["--yes", "--skip-preview"] : [])];
    await execa(command, as.length > 0 ? [...as, "pulumi", ...args] : args, {
      cwd: folder,
      env: { ...project.env, ...env },
      timeout: 120_000,
    });
  }
});

async function untouched(operation: () => Promise<Operation>): Promise<void> {
  const { changes, output } = await operation();
  assert.deepEqual(Object.keys(changes), ["same"], output);
}

function imagesIn(operation: Operation): string[] {
  return stepsOf(operation)
    .filter(({ type, op }) => type === "docker-build:index:Image" && op !== "same")
    .map(({ urn }) => nameIn(urn));
}

async function git(folder: string, ...args: string[]): Promise<void> {
  const author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  await execa("git", ["-C", folder, ...author, ...args], { timeout: 60_000 });
}

/** The bytes of all that BuildKit holds: what it pulled and what it made. */
async function bytesInBuildkit(): Promise<number> {
  const usage = ["--addr", buildkitAddress(home), "du", "--format", "{{json .}}"];
  const { stdout } = await execa("buildctl", usage, { timeout: 30_000 });
  const records = stdout
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => JSON.parse(line) as { size?: number }[]);
  return records.reduce((sum, { size = 0 }) => sum + size, 0);
}
