import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { startDaemon, stopDaemon } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { configureRegistry, registryDaemon } from "../../tools/services/registry";
import { emptyBuildkit, registryPort, startServices } from "../../tools/services/services";
import { FaultyProxy, type Plan } from "../faults/proxy";
import { home, Project } from "./project";
import { type Answer, strataIn } from "./strata-copy";

const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nCOPY etc /etc/\n",
  "images/base/etc/motd": "hello\n",
  "images/tooling/Dockerfile": "FROM base\n\n# what it needs\nCOPY install /install\nRUN sh /install > /tool.log\n",
  "images/tooling/install": "echo installed\n",
  "images/app/Dockerfile": "FROM tooling\nCOPY --link run /run\n",
  "images/app/run": "run\n",
};

/** The cases of docs/guide/troubleshooting.md, in its order: each is made to happen, and its command must name the cause. */
describe("when something is wrong", function () {
  this.timeout(5 * 60_000);
  let project: Project;
  let strata: (...args: string[]) => Promise<Answer>;
  let first: string;
  before(async () => {
    project = await Project.make(family);
    strata = strataIn(project);
    project.write(".gitignore", "/*\n!/images\n!/upstreams.yaml\n!/.gitignore\n");
    await git("init", "--quiet", "--initial-branch=main");
    await commit();
    first = (await git("rev-parse", "HEAD")).stdout;
    await project.up();
  });
  afterEach(async () => {
    await git("reset", "--quiet", "--hard", first);
    await git("clean", "--quiet", "--force", "-d");
  });
  after(() => project?.remove());

  const git = (...args: string[]) => execa("git", args, { cwd: project.folder, timeout: 30_000 });
  const commit = async () => {
    await git("add", "--all");
    await git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "x");
  };
  const said = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await strata(...args);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const planned = () => said("plan", "--images", join(project.folder, "images"), "--since", "HEAD");
  const refOf = async (layer: string) => (await project.layers())[layer]?.ref as string;

  describe("a base is not found", () => {
    it("whose name is none: the preview has file, line and the layers that there are", async () => {
      project.write("images/app/Dockerfile", "FROM toolign\nCOPY --link run /run\n");
      await assert.rejects(
        project.preview(),
        /images\/app\/Dockerfile:1: "toolign" is no layer \(app, base, tooling\)/,
      );
    });

    it("that is not pinned: the preview says how", async () => {
      project.write("images/base/Dockerfile", "FROM alpine:3.20\nCOPY etc /etc/\n");
      await assert.rejects(
        project.preview(),
        /images\/base\/Dockerfile:1: "alpine:3\.20" is neither a layer .* nor pinned; .*regctl image digest alpine:3\.20/,
      );
    });

    it("that the registry has lost: why says so, and logs what to do, which helps", async () => {
      const base = await refOf("base");
      await project.run("regctl", "manifest", "delete", base);
      // What the builder has it would not ask for.
      await emptyBuildkit(home);
      project.append("images/tooling/install", "echo more\n");
      await assert.rejects(project.up(), /base@sha256:[0-9a-f]{64}: not found/);
      assert.match(await said("why", "base"), /^Note: no tag of \S+\/base names the image any more/m);
      assert.match(await said("logs", "tooling"), /The registry no longer has that image\. .*pulumi up --refresh/);
      await project.up({ refresh: true });
      assert.equal(await refOf("base"), base);
    });
  });

  it("a build fails: logs has what the step printed, and why what there is of the layer", async () => {
    project.write("images/tooling/install", "echo cannot find libx >&2\nexit 3\n");
    await assert.rejects(project.up(), ({ message }: Error) => {
      assert.match(message, /exit code: 3/);
      assert.match(
        message,
        /error: tooling failed, as the error of tooling \(\S+\) says; what is made of it was left out/,
      );
      assert.doesNotMatch(message, /unhandled|serializing/);
      return true;
    });
    const log = await said("logs", "tooling");
    assert.match(log, /RUN sh \/install > \/tool\.log:\n\S+ cannot find libx/);
    assert.match(
      await said("why", "tooling"),
      /Note: the last build failed .*; the image before it is \S+\/tooling@sha256:/,
    );
  });

  describe("an application is built on the wrong base", () => {
    it("since what is beneath was not built: why says that it is to change", async () => {
      project.write("images/tooling/install", "exit 3\n");
      await assert.rejects(project.up(), /exit code: 3/);
      assert.match(await said("why", "app"), /^now +would change: parent tooling/m);
      await git("checkout", "--quiet", "--", ".");
      await project.up();
      assert.match(await said("why", "app"), /^now +would not change/m);
    });

    it("since its Dockerfile names another: why names what it stands on", async () => {
      project.write("images/app/Dockerfile", "FROM base\nCOPY --link run /run\n");
      await project.up();
      const digest = (await project.digests()).base;
      assert.match(await said("why", "app"), new RegExp(`^parents +base +${digest}$`, "m"));
    });
  });

  it("it is slow despite layers: the plan says build where a step runs inside what changed, and rebase where none does", async () => {
    const slow = "FROM tooling\nRUN echo slow > /slow\n";
    const fast = "FROM alpine:3.22 AS work\nRUN echo slow > /slow\nFROM tooling\nCOPY --link --from=work /slow /\n";
    for (const [dockerfile, action] of [
      [slow, "build"],
      [fast, "rebase"],
    ] as const) {
      project.write("images/app/Dockerfile", dockerfile);
      await commit();
      project.append("images/base/etc/motd", `${action}\n`);
      assert.match(await planned(), new RegExp(`^app +${action} +parent tooling$`, "m"));
      await git("checkout", "--quiet", "--", ".");
    }
  });

  it("a change in app builds everything: the plan names the file that base reads of it", async () => {
    project.write("images/base/image.yaml", "context: images\n");
    project.write("images/base/Dockerfile", "FROM alpine:3.22\nCOPY . /src/\n");
    await commit();
    project.append("images/app/run", "more\n");
    const plan = await planned();
    assert.match(plan, /^base +build +M app\/run$/m);
    assert.match(plan, /^3 of 3 layers: /m);
  });

  it("nobody is logged in: logs and why say so, and to which registry", async () => {
    await project.up();
    const docker = join(project.folder, ".docker");
    cpSync(home.docker, docker, { recursive: true });
    writeFileSync(join(docker, "config.json"), "{}");
    project.append("images/app/run", "unauthorized\n");
    await assert.rejects(
      project.up({}, { DOCKER_CONFIG: docker }),
      new RegExp(`${project.registry}\\S+ 401 Unauthorized`),
    );
    const log = await said("logs", "app");
    assert.match(log, new RegExp(`ERROR: .*${project.registry}`));
    assert.match(log, /The registry refuses the credentials: docker login/);
  });

  it("a pull fails: why says that the image is gone, and for which platforms it was", async () => {
    await project.up();
    const app = await refOf("app");
    await project.run("regctl", "manifest", "delete", app);
    await assert.rejects(project.run("regctl", "manifest", "get", app), /not found/);
    const text = await said("why", "app");
    assert.match(text, /^Note: no tag of \S+\/app names the image any more/m);
    assert.match(text, /^platforms +linux\/amd64$/m);
    assert.match(text, /^options +compression=zstd$/m);
    await project.up({ refresh: true });
    await project.run("regctl", "manifest", "get", app);
  });

  it("an image is too large: the update names the step, and why the files that came", async () => {
    project.write("images/app/image.yaml", "sizeBudget: 10 kB\n");
    await project.up();
    const before = (await project.digests()).app as string;
    project.write("images/app/big", incompressible(50_000));
    project.append("images/app/Dockerfile", "COPY --link big /big\n");
    await assert.rejects(
      project.up(),
      /images\/app\/image\.yaml: sizeBudget: app adds .* to tooling, .*\n.*0\.\d+ MB {2}COPY big \/big/,
    );
    const text = await said("why", "app");
    assert.match(text, /^built .* of them its own/m);
    const [, after = ""] = /^image .*@(sha256:\w+)$/m.exec(text) ?? [];
    const told = await said("why", "app", before.slice(7, 19), after);
    assert.match(told, /^\+ +[345]\d\.\d kB .*COPY big \/big/m);
    assert.match(told, /^A big {2}50000 bytes$/m);
  });

  describe("a quota is used up", () => {
    let proxy: FaultyProxy;
    before(async () => {
      const [port, behind] = [registryPort(home), await freePort()];
      await stopDaemon("registry", home);
      configureRegistry(home, behind);
      await startDaemon(registryDaemon(home, behind), home);
      proxy = await FaultyProxy.start(home, port, behind);
    });
    after(async () => {
      const port = registryPort(home);
      await proxy?.stop();
      await stopDaemon("registry", home);
      await startServices(home, port);
    });

    const writesOf =
      (part: string): Plan["concerns"] =>
      (method, path) =>
        /PUT|POST/.test(method) && path.includes(part);
    const denied = (message: string) => JSON.stringify({ errors: [{ code: "DENIED", message }] });
    const used =
      "adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed the configured upper limit of 100.0 MiB.";
    const full =
      "The repository with name 'app' in registry with id '1' already has the maximum allowed number of images which is '10000'";
    // As these registries answer, by their own documentation and what their users report.
    const answers: [string, Plan, RegExp, RegExp][] = [
      [
        "of storage, as Harbor has it",
        { fault: { kind: "status", status: 403, body: denied(used) }, concerns: writesOf("/blobs/") },
        /exceed the configured upper limit of 100\.0 MiB/,
        /^The registry's quota is used up/m,
      ],
      [
        "of images, as Amazon's public registry has it",
        { fault: { kind: "status", status: 403, body: denied(full) }, concerns: writesOf("/manifests/") },
        /maximum allowed number of images which is '10000'/,
        /^The registry's quota is used up/m,
      ],
      [
        "of images, as Amazon's private one has it, without a word",
        { fault: { kind: "status", status: 403, body: "" }, concerns: writesOf("/manifests/") },
        /403 Forbidden/,
        /^The registry took the layers and refused the image: the repository has as many images as it may/m,
      ],
      [
        "of requests, as Docker Hub has it",
        {
          fault: {
            kind: "status",
            status: 429,
            body: JSON.stringify({
              errors: [{ code: "TOOMANYREQUESTS", message: "You have reached your pull rate limit." }],
            }),
          },
          concerns: writesOf("/blobs/"),
        },
        /429 Too Many Requests|toomanyrequests/,
        /^The registry limits requests: log in/m,
      ],
    ];
    for (const [index, [what, plan, cause, advice]] of answers.entries()) {
      it(`${what}: logs has its words, and what to do`, async () => {
        project.append("images/app/run", `${index}\n`);
        proxy.set(plan);
        await assert.rejects(project.up(), cause);
        proxy.set(undefined);
        const log = await said("logs", "app");
        assert.match(log, cause);
        assert.match(log, advice);
        assert.doesNotMatch(log, /refuses the credentials/);
      });
    }
  });
});

/** The same text every time, of which compression leaves most. */
function incompressible(length: number): string {
  let text = "";
  for (let block = 0; text.length < length; block++)
    text += createHash("sha256").update(String(block)).digest("base64");
  return text.slice(0, length);
}
