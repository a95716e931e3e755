import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { localBuilder } from "../../tools/services/buildkit";
import { emptyBuildkit } from "../../tools/services/services";
import { buildLog } from "../../tools/stack/build-logs";
import { home, Project } from "./project";

/**
 * The steps write when they ran, so that the images themselves tell what ran beside what. No builder has run them before. The step of
 * base waits until that of app has run, but no longer than `seconds`: they see each other through a cache.
 */
function family(seconds: number) {
  const nonce = randomUUID();
  const shared = `--mount=type=cache,id=${nonce},target=/shared : ${nonce} &&`;
  const wait = `for i in $(seq ${seconds}); do test -e /shared/fetched && break; sleep 1; done`;
  return {
    "images/base/Dockerfile": `FROM alpine:3.22\nRUN ${shared} date +%s > /began && ${wait}; date +%s > /ended\n`,
    "images/tooling/Dockerfile": "FROM base\nCOPY file /\n",
    "images/tooling/file": "a file\n",
    "images/app/Dockerfile": [
      "FROM alpine:3.22 AS tools",
      `RUN --mount=type=secret,id=token ${shared} wc -c < /run/secrets/token > /length \\`,
      "  && date +%s > /fetched && touch /shared/fetched",
      "FROM tooling",
      "COPY --link --from=tools /fetched /length /",
      "",
    ].join("\n"),
  };
}

async function times(project: Project): Promise<Record<"began" | "ended" | "fetched", number>> {
  const { app } = await project.layers();
  const read = async (file: string) =>
    Number(await project.run("regctl", "image", "get-file", app?.ref as string, file));
  const [began, ended, fetched] = [await read("/began"), await read("/ended"), await read("/fetched")];
  return { began, ended, fetched };
}

describe("stages of a layer that need no layer beneath", () => {
  it("are built while those are, once, and no plan and no state has anything of it", async () => {
    const project = await Project.make(family(60), { secrets: { token: "12345678" } });
    try {
      const { changes } = await project.up();
      const { began, ended, fetched } = await times(project);
      assert.ok(fetched <= ended && ended < began + 60, JSON.stringify({ began, ended, fetched }));
      assert.deepEqual(
        changes,
        { create: 10 },
        "stack, provider, family, upstream, and three layers with their images",
      );
      assert.deepEqual((await project.preview()).changes, { same: 10 });
      const { app } = await project.layers();
      assert.equal((await project.run("regctl", "image", "get-file", app?.ref as string, "/length")).trim(), "8");
    } finally {
      project.remove();
    }
  });

  it("are not what a layer's log tells of, where the layer itself was not built", async () => {
    const files = family(60);
    const base = files["images/base/Dockerfile"].replace("date +%s > /ended", "echo broken; exit 3");
    const project = await Project.make({ ...files, "images/base/Dockerfile": base }, { secrets: { token: "12345" } });
    // The builder keeps records of other tests' layers of that name.
    await emptyBuildkit(home);
    try {
      await assert.rejects(project.up(), /exit code: 3/);
      assert.match((await buildLog("base", localBuilder, project.env)) ?? "", /broken/);
      assert.equal(await buildLog("app", localBuilder, project.env), undefined);
    } finally {
      project.remove();
    }
  });

  it("wait where no more builds may run at once", async () => {
    const project = await Project.make(family(3), { secrets: { token: "123456789" }, config: { parallel: "1" } });
    try {
      await project.up();
      const { ended, fetched } = await times(project);
      assert.ok(fetched >= ended, JSON.stringify({ ended, fetched }));
    } finally {
      project.remove();
    }
  });
});
