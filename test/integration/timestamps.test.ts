import assert from "node:assert/strict";
import { localBuilder } from "../../tools/services/buildkit";
import { emptyBuildkit } from "../../tools/services/services";
import { buildLog } from "../../tools/stack/build-logs";
import { home, Project } from "./project";

const touch = "find /out -exec touch -hd @$SOURCE_DATE_EPOCH {} +";
const base = "FROM alpine:3.22\nRUN echo base > /base\n";
/** @param size of the tool, in bytes: another one in each test, since the builder finds a copy of the same contents */
const tools = (size: number, end = "") =>
  `FROM alpine:3.22 AS tool\nARG SOURCE_DATE_EPOCH\nRUN mkdir -p /out/bin && head -c ${size} /dev/zero > /out/bin/tool${end}\n` +
  "FROM base\nCOPY --link --from=tool /out/ /\n";

describe("an image whose times are constant", () => {
  const inProject = async (dockerfile: string, action: (project: Project) => Promise<void>) => {
    const project = await Project.make({ "images/base/Dockerfile": base, "images/tools/Dockerfile": dockerfile });
    try {
      await action(project);
    } finally {
      project.remove();
    }
  };
  const log = async (project: Project) => (await buildLog("tools", localBuilder, project.env, project.folder)) ?? "";
  const constant = "timestamps: constant\n";
  const touched = (size: number) => tools(size, ` && ${touch}`);

  it("is neither pulled nor rewritten on a new base, and has the same digest on a builder that makes it anew", async () =>
    inProject(touched(6_000_000), async (project) => {
      project.write("images/tools/image.yaml", constant);
      await project.up();
      const first = await project.layers();
      assert.equal(first.tools?.newest?.time, "2020-01-01T00:00:00.000Z");
      assert.doesNotMatch(await log(project), /rewriting layers/);

      await emptyBuildkit(home);
      project.append("images/base/Dockerfile", "RUN echo more > /more\n");
      await project.up();
      const moved = await log(project);
      assert.match(moved, /head -c 6000000.*\n#\d+ CACHED/);
      assert.doesNotMatch(moved, /rewriting layers|extracting/);
      const { tools } = await project.layers();
      assert.equal(tools?.rebase?.bytes, 0);

      // With another number no step is found, and no copy either.
      project.write("images/base/Dockerfile", base);
      project.append("images/tools/image.yaml", "rebuild: 1\n");
      await emptyBuildkit(home);
      await project.up();
      assert.equal((await project.layers()).tools?.digest, first.tools?.digest);
    }));

  it("takes no copy that was made while its times were rewritten", async () =>
    inProject(tools(7_000_000), async (project) => {
      await project.up();
      assert.match(await log(project), /rewriting layers/);
      project.write("images/tools/Dockerfile", touched(7_000_000));
      project.write("images/tools/image.yaml", constant);
      const { layers } = await project.preview();
      assert.deepEqual(layers.tools?.reasons, ["M Dockerfile", "timestamps"]);
      await project.up();
      assert.equal((await project.layers()).tools?.newest?.time, "2020-01-01T00:00:00.000Z");
    }));

  it("is refused where a step leaves the time of its build, by each update until that is mended", async () =>
    inProject(tools(8_000_000), async (project) => {
      project.write("images/tools/image.yaml", constant);
      for (const attempt of ["the one that builds", "the next one"]) {
        await assert.rejects(
          project.up(),
          /images\/tools\/image\.yaml: timestamps: \/bin.* of tools is of 20\d\d-.*ARG SOURCE_DATE_EPOCH/,
          attempt,
        );
      }
      assert.deepEqual(await project.layers(), {}, "nothing that could be released");
      project.write("images/tools/Dockerfile", touched(8_000_000));
      project.append("images/tools/image.yaml", "rebuild: 1\n");
      await project.up();
      assert.equal((await project.layers()).tools?.newest?.time, "2020-01-01T00:00:00.000Z");
    }));

  it("is compressed anew where the stack asks for another compression", async () =>
    inProject(touched(9_000_000), async (project) => {
      project.write("images/tools/image.yaml", constant);
      await project.up();
      await project.configure({ compression: "gzip" });
      await project.up();
      const { ref = "" } = (await project.layers()).tools ?? {};
      assert.match((await project.filesystemLayers(ref)).at(-1)?.mediaType ?? "", /tar\+gzip$/);
    }));
});
