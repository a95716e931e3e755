import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { localBuilder } from "../../tools/services/buildkit";
import { buildLog } from "../../tools/stack/build-logs";
import { maskOf } from "../../tools/stack/mask";
import { pathWithTools } from "../../tools/toolchain/install";
import { home, Project } from "./project";

const dockerfile = [
  "FROM alpine:3.22 AS fetch",
  "RUN --mount=type=secret,id=token,required wc -c < /run/secrets/token > /length",
  "FROM base",
  "COPY --link --from=fetch /length /",
  "COPY --link known /",
  'RUN --mount=type=secret,id=token,env=TOKEN test -n "$TOKEN" && echo used > /used',
  "",
].join("\n");

/** What the search must find, in a text whose digits no compression leaves as they are. */
const known = `known-${randomBytes(12).toString("hex")}`;
const random = randomBytes(20_000).toString("hex");

const family = {
  "images/base/Dockerfile": "FROM alpine:3.22\nRUN sleep 1\n",
  "images/app/Dockerfile": dockerfile,
  "images/app/known": `${random}${known}${random}`,
};

const unzipped = [promisify(gunzip), promisify(zstdDecompress)];

/** Each file of a folder that has the text in it, as it is or unpacked. */
async function filesWith(text: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const contents = readFileSync(path);
    const unpacked = await Promise.all(unzipped.map((unpack) => unpack(contents).catch(() => Buffer.alloc(0))));
    if ([contents, ...unpacked].some((bytes) => bytes.includes(text))) found.push(path);
  }
  return found;
}

/** @returns a folder with programs that write down the environment that they get, and do what they are called for */
function wrapTools(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "strata-test-"));
  const env = { ...process.env, PATH: pathWithTools() };
  for (const name of names) {
    const real = execFileSync("sh", ["-c", `command -v ${name}`], { env, encoding: "utf8" }).trim();
    const script = `#!/bin/sh\nenv >> '${folder}/${name}.environment'\nexec '${real}' "$@"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  return folder;
}

describe("secrets of builds", () => {
  const canary = `canary-${randomBytes(12).toString("hex")}`;
  let project: Project;
  let wrapped: string;
  before(async () => {
    wrapped = wrapTools(["regctl", "git", "buildx"]);
    project = await Project.make(family, {
      secrets: { token: canary, unused: `other-${canary}` },
      config: { "releaseTags[0]": "latest" },
      env: { PATH: `${wrapped}:${pathWithTools()}` },
    });
  });
  after(async () => {
    await project?.remove();
    rmSync(wrapped, { recursive: true, force: true });
  });

  it("reach the steps that mount them, and nothing that stays", async () => {
    const { output, events } = await project.up();
    const app = (await project.layers()).app?.ref as string;
    assert.equal((await project.run("regctl", "image", "get-file", app, "/length")).trim(), String(canary.length));
    assert.equal((await project.run("regctl", "image", "get-file", app, "/used")).trim(), "used");

    assert.ok(!output.includes(canary), "Pulumi's output");
    assert.ok(!JSON.stringify(events).includes(canary), "the engine's events");
    assert.ok(!(await project.run("pulumi", "stack", "export")).includes(canary), "state");
    assert.ok(!(await project.run("regctl", "image", "inspect", app)).includes(canary), "the image's history");
    const log = (await buildLog("app", localBuilder, project.env, project.folder)) ?? "";
    assert.match(log, /type=secret,id=token/);
    assert.ok(!log.includes(canary), "the builder's log");
    // Pulumi's state and configuration, staged contexts, all blobs of images and caches, and what BuildKit keeps.
    for (const folder of [project.folder, home.registry, home.buildkit, home.logs]) {
      assert.deepEqual(await filesWith(canary, folder), []);
    }
    const environmentOf = (tool: string) => readFileSync(join(wrapped, `${tool}.environment`), "utf8");
    for (const tool of ["regctl", "git"])
      assert.ok(!environmentOf(tool).includes(canary), `the environment of ${tool}`);
    // That has the secrets of the stages that it fetches ahead.
    assert.ok(environmentOf("buildx").includes(`=${canary}`));
    assert.ok(!environmentOf("buildx").includes(`other-${canary}`), "the environment of buildx");
    const packed = (await filesWith(known, home.registry)).filter((path) => !readFileSync(path).includes(known));
    assert.ok(packed.length > 0, "the search finds nothing in filesystem layers");
  });

  it("plan nothing when they are rotated, and the next build has the new one", async () => {
    const before = await project.digests();
    await project.setSecret("token", `${canary}-and-more`);
    // As on a fresh machine.
    project.delete(".strata/contexts");
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
    assert.deepEqual(Object.keys((await project.up()).changes), ["same"]);
    assert.deepEqual(await project.digests(), before);

    project.write("images/app/image.yaml", "rebuild: 1\n");
    await project.up();
    const app = (await project.layers()).app?.ref as string;
    const length = String(`${canary}-and-more`.length);
    assert.equal((await project.run("regctl", "image", "get-file", app, "/length")).trim(), length);
  });

  it("are not shown of a step that prints one and fails, though the builder's own log has it", async () => {
    project.write(
      "images/app/Dockerfile",
      dockerfile.replace("FROM base", "FROM base\nRUN --mount=type=secret,id=token cat /run/secrets/token && exit 3"),
    );
    await assert.rejects(project.up(), (error: Error) => !error.message.includes(canary));
    const log = (await buildLog("app", localBuilder, project.env, project.folder)) ?? "";
    assert.ok(log.includes(canary));
    const mask = await maskOf("local", project.env, project.folder);
    assert.match(mask(log), /\[secret\]/);
    assert.ok(!mask(log).includes(canary));
  });

  it("are missed at the preview, with the line that needs them", async () => {
    project.write("images/app/Dockerfile", dockerfile.replaceAll("token", "password"));
    await assert.rejects(project.preview(), (error: Error) => {
      assert.match(
        error.message,
        /images\/app\/Dockerfile:2: needs the secret password; set it with: pulumi config set/,
      );
      return true;
    });
  });
});
