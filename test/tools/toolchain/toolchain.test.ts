import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { root } from "../../../tools/home";
import { isRunning } from "../../../tools/services/daemon";
import { findOnPath, isGoodVersion } from "../../../tools/toolchain/find";
import { takesFlags } from "../../../tools/toolchain/installed";
import { installPulumiCli } from "../../../tools/toolchain/pulumi-installer";
import { compiler, planTools, scriptOf, serviceTools, type Tool } from "../../../tools/toolchain/tools";
import { withFolder } from "../../components/catalog/folder";

describe("a tool on PATH", () => {
  const printed: [string, string, boolean][] = [
    ["v3.259.0", "3.259.0", true],
    ["v3.270.1\n", "3.259.0", true],
    ["v3.100.0", "3.259.0", false],
    ["v4.0.0", "3.259.0", false],
    ["buildkitd github.com/moby/buildkit v0.31.2 abcdef", "0.31.0", true],
    ["no version here", "1.0.0", false],
  ];
  for (const [text, wanted, good] of printed) {
    it(`that prints ${JSON.stringify(text)} is ${good ? "" : "not "}good for ${wanted}`, () => {
      assert.equal(isGoodVersion(text, wanted), good);
    });
  }

  it("is used in a good version, and passed by in an old one", async () => {
    const tool = { name: "thing", version: "2.1.0", versionArgs: ["--version"] };
    await withFolder({ thing: '#!/bin/sh\necho "thing 2.3.4"\n' }, async (folder) => {
      chmodSync(`${folder}/thing`, 0o755);
      assert.equal(await findOnPath(tool, folder), `${folder}/thing`);
      assert.equal(await findOnPath({ ...tool, version: "2.4.0" }, folder), undefined);
      assert.equal(await findOnPath({ ...tool, name: "other" }, folder), undefined);
    });
  });
});

describe("Pulumi's installer", () => {
  const [cli] = planTools as [Tool];
  const script = (...lines: string[]) => `data:,${encodeURIComponent(lines.join("\n"))}`;
  const brings = (version: string) => [
    'test "$*" = "--no-edit-path --install-root $3 --version $5" && mkdir -p "$3/bin" || exit 9',
    'echo run >> "$3/runs"',
    `printf '#!/bin/sh\\necho v${version}\\n' > "$3/bin/pulumi" && chmod +x "$3/bin/pulumi"`,
  ];

  it("is run once for a version", () =>
    withFolder({}, async (folder) => {
      const url = script(...brings(cli.version));
      for (const _ of [1, 2]) assert.equal(await installPulumiCli(cli, folder, { url }), join(folder, "bin/pulumi"));
      assert.equal(readFileSync(join(folder, "runs"), "utf8"), "run\n");
    }));

  it("fails where it brings another version, or fails itself, so that the tools are built instead", () =>
    withFolder({}, async (folder) => {
      await assert.rejects(installPulumiCli(cli, folder, { url: script(...brings("1.0.0")) }), /brought no Pulumi/);
      await assert.rejects(installPulumiCli(cli, folder, { url: script("exit 4") }), /exit code 4/);
    }));

  it("is ended with what it has started where a download stalls", () =>
    withFolder({}, async (folder) => {
      const url = script(`sleep 100 & echo $! > "$3/pid"`, "wait");
      await assert.rejects(installPulumiCli(cli, folder, { url, limit: 500 }), /timed out/);
      assert.ok(!isRunning(Number(readFileSync(join(folder, "pid"), "utf8"))));
    }));
});

describe("the tools", () => {
  it("are pinned in the go.mod that builds them to the version that they are said to have", () => {
    const modules: Record<string, string> = {
      pulumi: "github.com/pulumi/pulumi/pkg/v3",
      "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3",
      "pulumi-resource-docker-build": "github.com/pulumi/pulumi-docker-build",
      buildkitd: "github.com/moby/buildkit",
      buildctl: "github.com/moby/buildkit",
      registry: "github.com/distribution/distribution/v3",
      buildx: "github.com/docker/buildx",
      regctl: "github.com/regclient/regclient",
    };
    for (const tool of [...planTools, ...serviceTools]) {
      const pins = readFileSync(`${tool.module}/go.mod`, "utf8");
      assert.ok(pins.includes(`\t${modules[tool.name]} v${tool.version}`), `${tool.name} ${tool.version}`);
    }
  });

  it("run the program as Pulumi.yaml says, also where the language host is too old to be told", () => {
    const { runtime } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
    const flags = Object.entries(runtime.options).map(([name, value]) => `-${name}=${value}`);
    const host = planTools.find(({ name }) => name === "pulumi-language-nodejs");
    assert.deepEqual(host?.flags, flags);
    assert.ok(existsSync(join(root, compiler)));
  });

  it("are given their flags in a project that compiles as this one does, and are started as they are elsewhere", () =>
    withFolder(
      { "a b/host": "", "a b/behind/host": '#!/bin/sh\nprintf "%s\\n" "$@"\n', [`in/${compiler}`]: "", "out/x": "" },
      async (folder) => {
        const host = { name: "host", version: "1.0.0", package: "", module: "", flags: ["-a=1", "-b=two words"] };
        writeFileSync(join(folder, "a b/host"), scriptOf(host));
        for (const name of ["host", "behind/host"]) chmodSync(join(folder, "a b", name), 0o755);
        const run = (cwd: string) =>
          execa(join(folder, "a b/host"), ["x y"], { cwd: join(folder, cwd), timeout: 10_000 });
        assert.equal((await run("in")).stdout, "-a=1\n-b=two words\nx y");
        assert.equal((await run("out")).stdout, "x y");
      },
    ));

  it("are built anew where they lie without their script, and not where Pulumi's own release does", () =>
    withFolder({ "behind/host": "a program\n", host: "" }, async (folder) => {
      const host = { name: "host", version: "1.0.0", package: "", module: "", flags: ["-a=1"] };
      const file = join(folder, "host");
      const taken = (text: string) => {
        writeFileSync(file, text);
        return takesFlags(host, file);
      };
      assert.equal(taken("an old program\n"), false);
      assert.equal(taken(scriptOf({ ...host, flags: ["-a=2"] })), false);
      assert.equal(taken(scriptOf(host)), true);
      symlinkSync(file, join(folder, "link"));
      assert.equal(takesFlags(host, join(folder, "link")), true);
      rmSync(join(folder, "behind/host"));
      assert.equal(taken(scriptOf(host)), false);
    }));
});
