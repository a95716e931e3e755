import assert from "node:assert/strict";
import { execa } from "execa";
import { startedBy } from "../faults/run";
import { told, typed } from "./interrupting";
import { Project } from "./project";
import { strataIn } from "./strata-copy";

const family = {
  "images/base/Dockerfile": "FROM scratch\nCOPY file /base\n",
  "images/base/file": "1\n",
  "images/app/Dockerfile": "FROM base\nCOPY file /app\n",
  "images/app/file": "1\n",
  "images/app/image.yaml": "# What it is\ndescription: An app\n",
  ".gitignore": "node_modules\ncomponents\nbin\ntools\nstate\n.strata\nPulumi.*.yaml\n",
};

const isStrata = (command: readonly string[]) => command.some((word) => word.endsWith("tools/strata.ts"));

describe("strata release and strata rollback", function () {
  this.timeout(300_000);
  let dev: Project;
  let prod: Project;
  let strata: ReturnType<typeof strataIn>;
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    return (await execa("git", [...identity, ...args], { cwd: dev.folder, timeout: 30_000 })).stdout;
  };
  const digestOf = async (stack: Project, layer: string, tag: string) => {
    const repository = (await stack.layers())[layer]?.ref.split("@")[0];
    return stack.run("regctl", "image", "digest", `${repository}:${tag}`).catch(() => undefined);
  };

  before(async () => {
    dev = await Project.make(family, { stack: "dev", config: { "releaseTags[0]": "latest" } });
    strata = strataIn(dev);
    await git("init", "--quiet");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "First");
    const organisation = `${dev.organisation}/prod`;
    prod = await dev.stackOf("prod", { promoteFrom: "dev", organisation, "releaseTags[0]": "stable" });
  });
  after(() => dev?.remove());

  it("need a tag that is made of a version, and say how to add it", async () => {
    const { exitCode, stderr } = await strata("release", "app", "--version", "1.0.0", "--stack", "dev", "--yes");
    assert.equal(exitCode, 1);
    assert.match(stderr, /pulumi config set --stack dev --path 'strata:releaseTags\[1\]' '\{version\}'/);
    await dev.configure({ "releaseTags[1]": "{version}" });
  });

  it("change nothing where nobody agrees", async () => {
    const config = dev.read("Pulumi.dev.yaml");
    const { exitCode, stderr } = await strata("release", "app", "--version", "1.0.0", "--rebuild", "--stack", "dev");
    assert.equal(exitCode, 1);
    assert.match(stderr, /nobody can be asked here/);
    assert.equal(dev.read("Pulumi.dev.yaml"), config);
    assert.equal(dev.read("images/app/image.yaml"), family["images/app/image.yaml"]);
  });

  const ends = [
    ["Ctrl-C", 130],
    ["SIGTERM", 143],
  ] as const;
  for (const [end, code] of ends) {
    it(`change nothing where ${end} comes at the question`, async () => {
      const config = dev.read("Pulumi.dev.yaml");
      const command = "bin/strata release app --version 1.0.0 --rebuild --stack dev";
      const key = end === "Ctrl-C" ? "\u0003" : "";
      const { exitCode, text } = await typed(dev, command, key, async (stdout, pid) => {
        await told(stdout, /\(yes\/no\) /);
        assert.notEqual(dev.read("Pulumi.dev.yaml"), config);
        if (end === "SIGTERM") process.kill(startedBy(pid, isStrata)[0] as number, end);
      });
      assert.equal(exitCode, code, text);
      assert.match(text, /nothing was changed/);
      assert.equal(dev.read("Pulumi.dev.yaml"), config);
      assert.equal(dev.read("images/app/image.yaml"), family["images/app/image.yaml"]);
    });
  }

  it("build what is to be built, and give it the version for ever", async () => {
    const done = await strata("release", "app", "--version", "1.0.0", "--stack", "dev", "--yes");
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /app:1\.0\.0 → what is built/);
    assert.match(done.stdout, /app +1\.0\.0 names [0-9a-f]{12}/);
    assert.match(done.stderr, /Recorded in Pulumi\.dev\.yaml: commit it\./);
    const { app } = await dev.layers();
    for (const tag of ["1.0.0", "1.0", "1", "latest"]) assert.equal(await digestOf(dev, "app", tag), app?.digest);
    assert.equal(await digestOf(dev, "base", "1.0.0"), undefined);
    const again = await strata("release", "app", "--version", "1.0.0", "--stack", "dev", "--yes");
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /1\.0\.0 of app is sha256:[0-9a-f]{64} for ever; give another version/);
  });

  it("run the steps anew where that is asked for, which image.yaml then says; and name all by the time", async () => {
    const done = await strata("release", "--all", "--rebuild", "--stack", "dev", "--yes");
    assert.equal(done.exitCode, 0, done.stderr);
    assert.equal(dev.read("images/app/image.yaml"), `${family["images/app/image.yaml"]}rebuild: 1\n`);
    assert.equal(dev.read("images/base/image.yaml"), "rebuild: 1\n");
    const { app, base } = await dev.layers();
    assert.match(Object.keys(base?.versions ?? {}).join(), /^base-\d{8}-\d{6}$/);
    assert.match(Object.keys(app?.versions ?? {}).join(), /^1\.0\.0,app-\d{8}-\d{6}$/);
  });

  it("go back by one image, within seconds and after a plan, and follow again", async () => {
    const first = await strata("up", "--stack", "prod", "--yes");
    assert.equal(first.exitCode, 0, first.stderr);
    assert.match(first.stdout, /dev → prod: 2 new of 2 layers/);
    const good = (await prod.digests()).app;
    dev.write("images/app/file", "2\n");
    await git("commit", "--quiet", "--all", "--message", "Break it");
    await dev.up();
    const { stdout: plan } = await strata("plan", "--stack", "prod");
    assert.match(plan, /app +promoted +[0-9a-f]{12} +[0-9a-f]{12} +1\n/);
    assert.match(plan, /app:\n {2}[0-9a-f]{12} Break it\n/);
    assert.match(plan, /Tags:\n {2}\S+\/prod\/app:stable [0-9a-f]{12} → [0-9a-f]{12}/);
    const up = await strata("up", "--stack", "prod", "--yes");
    assert.equal(up.exitCode, 0, up.stderr);
    const bad = (await prod.digests()).app;
    assert.notEqual(bad, good);

    const back = await strata("rollback", "app", "--stack", "prod", "--yes");
    assert.equal(back.exitCode, 0, back.stderr);
    assert.match(back.stdout, /dev → prod: 1 promoted, 1 held of 2 layers/);
    assert.match(back.stderr, /app stays there until: strata rollback app --end --stack prod/);
    assert.equal(await digestOf(prod, "app", "stable"), good);
    assert.match((await strata("plan", "--stack", "prod")).stdout, /dev → prod: 1 held of 2 layers/);

    const end = await strata("rollback", "app", "--end", "--stack", "prod", "--yes", "--json");
    assert.equal(end.exitCode, 0, end.stderr);
    assert.equal(JSON.parse(end.stdout).stack, "prod");
    assert.equal(await digestOf(prod, "app", "stable"), bad);
    assert.doesNotMatch(prod.read("Pulumi.prod.yaml"), /hold/);
    const byDigest = await strata("rollback", "app", "--to", good as string, "--stack", "prod", "--yes");
    assert.equal(byDigest.exitCode, 0, byDigest.stderr);
    assert.equal((await prod.digests()).app, good);
  });

  it("go back for whatever clone promotes next, also one that says something else from before", async () => {
    const good = (await prod.digests()).app as string;
    const merged = prod.read("Pulumi.prod.yaml");
    const promoted = async (file: string) => {
      prod.write("Pulumi.prod.yaml", file);
      const { exitCode, stderr } = await strata("up", "--stack", "prod", "--yes");
      assert.equal(exitCode, 0, stderr);
      return { digest: (await prod.digests()).app, stderr };
    };
    assert.match(merged, new RegExp(`hold:\n +app: ${good}\n`));
    const following = merged.replace(good, "false");
    const { digest: bad } = await promoted(following);
    assert.notEqual(bad, good);

    const back = await strata("rollback", "app", "--to", good, "--stack", "prod", "--yes");
    assert.equal(back.exitCode, 0, back.stderr);
    const { digest, stderr } = await promoted(following);
    assert.equal(digest, good);
    assert.match(stderr, /warning: .*strata:hold\.app: false is from before a rollback and counts no more/);

    const end = await strata("rollback", "app", "--end", "--stack", "prod", "--yes");
    assert.equal(end.exitCode, 0, end.stderr);
    assert.equal((await promoted(merged)).digest, bad);
    const again = await strata("rollback", "app", "--to", good, "--stack", "prod", "--yes");
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal((await promoted(merged)).digest, good);
  });

  it("say what they cannot do", async () => {
    const answers: [args: string[], message: RegExp][] = [
      [["rollback", "app", "--stack", "dev"], /the stack dev builds its images; to go back there, git revert/],
      [["rollback", "ap", "--stack", "prod"], /there is no layer "ap" in the stack prod; did you mean app\?/],
      [["rollback", "app", "--to", "-9", "--stack", "prod"], /the stack has had \d+ images of app before this one/],
      [["rollback", "app", "--to", "9.9.9", "--stack", "prod"], /there is no version "9\.9\.9" of app/],
      [["release", "--stack", "dev"], /name the layers to release, or give --all/],
      [["release", "app", "--version", "a b", "--stack", "dev"], /strata:versions\.app: "a b" can be no tag/],
      [["release", "app", "--rebuild", "--stack", "prod"], /no tag is made of a version/],
    ];
    for (const [args, message] of answers) {
      const { exitCode, stderr } = await strata(...args, "--yes");
      assert.equal(exitCode, 1, args.join(" "));
      assert.match(stderr, message);
    }
  });

  it("change nothing of a stack that promotes but the layers that they name, whatever the others come to", async () => {
    dev.write("images/site/Dockerfile", "FROM scratch\nCOPY file /site\n");
    dev.write("images/site/file", "1\n");
    await dev.up();
    assert.equal((await strata("up", "--stack", "prod", "--yes")).exitCode, 0);
    const before = await prod.digests();
    const app = (await dev.digests()).app as string;
    assert.notEqual(app, before.app);
    dev.write("images/site/file", "2\n");
    dev.write("images/site/tests/files.yaml", "files:\n  /site: {}\n");
    dev.write("images/more/Dockerfile", "FROM site\nCOPY Dockerfile /more\n");
    await dev.configure({ tests: "none" });
    await dev.up();
    assert.equal((await strata("up", "--stack", "prod", "--yes")).exitCode, 1);

    const back = await strata("rollback", "app", "--to", app, "--stack", "prod", "--yes");
    assert.equal(back.exitCode, 0, back.stderr);
    assert.match(back.stdout, /dev → prod: 1 promoted, 1 held of 3 layers/);
    assert.doesNotMatch(back.stdout, /(?:site|more) +(?:new|promoted)/);
    assert.deepEqual(await prod.digests(), { ...before, app });

    await prod.configure({ "releaseTags[1]": "{version}" });
    const released = await strata("release", "app", "--version", "3.0.0", "--stack", "prod", "--yes");
    assert.equal(released.exitCode, 0, released.stderr);
    assert.equal(await digestOf(prod, "app", "3.0.0"), app);
    assert.deepEqual(await prod.digests(), { ...before, app });
  });

  it("go back though the other stack is gone, and do not follow what nobody can read", async () => {
    const { app: bad, ...others } = await prod.digests();
    await dev.destroy();
    const back = await strata("rollback", "app", "--stack", "prod", "--yes");
    assert.equal(back.exitCode, 0, back.stderr);
    assert.match(back.stderr, /warning: strata:promoteFrom: the stack dev has no images yet/);
    const { app: good } = await prod.digests();
    assert.notEqual(good, bad);
    assert.deepEqual(await prod.digests(), { app: good, ...others });
    const config = prod.read("Pulumi.prod.yaml");
    const end = await strata("rollback", "app", "--end", "--stack", "prod", "--yes");
    assert.equal(end.exitCode, 1);
    assert.match(end.stderr, /strata:promoteFrom: the stack dev has no images yet/);
    assert.equal(prod.read("Pulumi.prod.yaml"), config);
  });
});
