import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { readUpstreams } from "../../components/catalog/upstreams";
import { localBuilder } from "../../tools/services/buildkit";
import { emptyBuildkit } from "../../tools/services/services";
import { buildLog } from "../../tools/stack/build-logs";
import { stagesThatRan } from "../built/steps";
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

/** What a file in the image of a layer says. */
async function fileIn(project: Project, layer: string, path: string): Promise<string> {
  const { ref = "" } = (await project.layers())[layer] ?? {};
  return (await project.run("regctl", "image", "get-file", ref, path)).trim();
}

async function times(project: Project): Promise<Record<"began" | "ended" | "fetched", number>> {
  const read = async (file: string) => Number(await fileIn(project, "app", file));
  const [began, ended, fetched] = [await read("/began"), await read("/ended"), await read("/fetched")];
  return { began, ended, fetched };
}

/** Waits until a build of one stage has ended with an export. */
async function untilExported(project: Project, layer: string, stage: string): Promise<void> {
  // The builder keeps records of other projects, too.
  const context = `${basename(project.folder)}/.strata/contexts/${layer}/`;
  for (let attempt = 0; attempt < 240; attempt++) {
    const records = await project.run("buildx", "history", "ls", "--builder", localBuilder, "--format", "json");
    const found = records
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { ref: string; name: string; status: string })
      .find(({ name, status }) => name.includes(context) && name.endsWith(stage) && status === "Completed");
    if (found) {
      const id = found.ref.split("/").at(-1) as string;
      const args = ["history", "logs", "--builder", localBuilder, "--progress", "plain", id];
      const { all } = await execa("buildx", args, { env: project.env, all: true, timeout: 60_000 });
      return assert.match(all, /exporting layers.* done/);
    }
    await sleep(500);
  }
  assert.fail(`no build of ${stage} ended`);
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
      assert.equal(await fileIn(project, "app", "/length"), "8");
    } finally {
      project.remove();
    }
  });

  it("are built once on a builder that has never seen what they stand on, also while others of them still run", async () => {
    const nonce = randomUUID();
    const project = await Project.make({
      "images/base/Dockerfile": `FROM alpine:3.22\nRUN : ${nonce} && sleep 6\n`,
      "images/app/Dockerfile": [
        "FROM alpine:3.22 AS short",
        `RUN --mount=type=bind,source=list,target=/list cat /list && echo ${nonce} > /short`,
        "FROM alpine:3.22 AS long",
        `RUN sleep 9 && echo ${nonce} > /long`,
        "FROM base",
        "COPY --link --from=short /short /",
        "COPY --link --from=long /long /",
        "",
      ].join("\n"),
      "images/app/list": nonce,
    });
    await emptyBuildkit(home);
    try {
      await project.up();
      const log = (await buildLog("app", localBuilder, project.env, project.folder)) ?? "";
      assert.match(log, /^#\d+ CACHED$/m);
      // The layer's own build joins the one that still runs.
      assert.deepEqual(
        stagesThatRan(log).filter((stage) => stage !== "long"),
        [],
        log,
      );
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
      assert.match((await buildLog("base", localBuilder, project.env, project.folder)) ?? "", /broken/);
      assert.equal(await buildLog("app", localBuilder, project.env, project.folder), undefined);
    } finally {
      project.remove();
    }
  });

  it("are compressed for the layer's cache by then, where those beneath still run", async () => {
    const nonce = randomUUID();
    const cache = `--mount=type=cache,id=${nonce},target=/shared`;
    const project = await Project.make({
      // Until it is let go.
      "images/base/Dockerfile": `FROM alpine:3.22\nRUN ${cache} for i in $(seq 90); do test -e /shared/go && break; sleep 1; done; ls /shared > /seen\n`,
      "images/app/Dockerfile": `FROM alpine:3.22 AS tools\nRUN echo ${nonce} > /made\nFROM base\nCOPY --link --from=tools /made /\n`,
    });
    try {
      const updated = project.up();
      await Promise.race([updated, untilExported(project, "app", "(tools)")]);
      const { ref } = readUpstreams(join(project.folder, "upstreams.yaml"), home.standInsFile).get("alpine:3.22") as {
        ref: string;
      };
      project.write("go/Dockerfile", `FROM alpine:3.22\nRUN ${cache} touch /shared/go\n`);
      const alpine = `alpine:3.22=docker-image://${ref}`;
      await project.run(
        "buildx",
        "build",
        "--builder",
        localBuilder,
        "--build-context",
        alpine,
        "--output=type=cacheonly",
        "go",
      );
      await updated;
      assert.equal(await fileIn(project, "base", "/seen"), "go", "base ran until the stage was there, and no longer");
    } finally {
      project.remove();
    }
  });

  it("change no digest, and are found in the layer's cache by another builder", async () => {
    const nonce = randomUUID();
    const files = {
      "images/base/Dockerfile": `FROM alpine:3.22\nRUN echo ${nonce} > /base\n`,
      "images/app/Dockerfile": [
        "FROM alpine:3.22 AS tools",
        `RUN echo ${nonce} > /made`,
        "FROM alpine:3.22 AS random",
        "RUN cat /proc/sys/kernel/random/uuid > /random",
        "FROM base",
        "RUN --mount=from=random,target=/from test -s /from/random",
        "COPY --link --from=tools /made /",
        "",
      ].join("\n"),
    };
    const alone = await Project.make(files, { config: { parallel: "1" } });
    const ahead = await Project.make(files);
    const random = () => fileIn(ahead, "app", "/random");
    try {
      await alone.up();
      await emptyBuildkit(home);
      await ahead.up();
      assert.deepEqual(await ahead.digests(), await alone.digests());

      ahead.append("images/app/Dockerfile", "COPY --link --from=random /random /\n");
      await ahead.up();
      const made = await random();
      await emptyBuildkit(home);
      ahead.append("images/base/Dockerfile", "RUN echo more >> /base\n");
      await ahead.up();
      assert.equal(await random(), made);
    } finally {
      alone.remove();
      ahead.remove();
    }
  });

  it("are left to the layer's own build, which finds them in its cache, where nothing changed but what is beneath", async () => {
    const nonce = randomUUID();
    const compiler = `FROM alpine:3.22 AS compiler\nRUN echo ${nonce} > /compiler\nWORKDIR /build\n`;
    const project = await Project.make({
      "images/base/Dockerfile": `${compiler}FROM alpine:3.22\nCOPY --link --from=compiler /compiler /\n`,
      "images/app/Dockerfile": [
        `${compiler}FROM compiler AS tools`,
        "RUN cat /proc/sys/kernel/random/uuid > /random",
        "FROM base",
        "COPY --link --from=tools /random /",
        "",
      ].join("\n"),
    });
    const random = () => fileIn(project, "app", "/random");
    try {
      await project.up();
      const made = await random();
      await emptyBuildkit(home);
      project.append("images/base/Dockerfile", "RUN sleep 2\n");
      await project.up();
      assert.equal(await random(), made);
      const records = await project.run("buildx", "history", "ls", "--builder", localBuilder, "--format", "json");
      assert.match(records, /contexts\/app\//);
      assert.doesNotMatch(records, /\(tools\)/);
    } finally {
      project.remove();
    }
  });

  it("give their turn back when their own layer has one, whose build they are then", async () => {
    const nonce = randomUUID();
    const shared = `--mount=type=cache,id=${nonce},target=/shared : ${nonce} &&`;
    const until = (file: string) => `for i in $(seq 20); do test -e /shared/${file} && break; sleep 1; done`;
    const files = {
      "images/base/Dockerfile": `FROM alpine:3.22\nRUN ${shared} ${until("fetching")}\n`,
      "images/app/Dockerfile": [
        "FROM alpine:3.22 AS tools",
        `RUN ${shared} touch /shared/fetching && ${until("other")}; ls /shared > /seen`,
        "FROM base",
        "COPY --link --from=tools /seen /",
        "",
      ].join("\n"),
      "images/other/Dockerfile": `FROM base\nRUN ${shared} touch /shared/other\n`,
    };
    const project = await Project.make(files, { config: { parallel: "2" } });
    try {
      await project.up();
      assert.deepEqual((await fileIn(project, "app", "/seen")).split("\n"), ["fetching", "other"]);
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
