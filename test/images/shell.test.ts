import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { homeAt, root } from "../../tools/home";
import { unpackDebianPackage } from "../../tools/toolchain/debian-package";

describe("shell scripts of the images", () => {
  it("have nothing that ShellCheck warns of", async function () {
    this.timeout(120_000);
    const shellcheck = join(await unpackDebianPackage("shellcheck", homeAt().standIns), "usr/bin/shellcheck");
    const files = globSync("images/**/{bin,lib,tests,profile.d,home,resolve}/**", { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => /^(#!.*sh\n|# shellcheck shell=)/.test(readFileSync(file, "utf8")));
    if (files.length < 10) throw new Error(`only ${files.length} scripts were found`);
    const { all, failed } = await execa(shellcheck, ["--", ...files], { all: true, reject: false, timeout: 60_000 });
    if (failed) throw new Error(all);
  });
});
