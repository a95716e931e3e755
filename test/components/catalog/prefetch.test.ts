import assert from "node:assert/strict";
import { prefetchableStages } from "../../../components/catalog/dockerfile/prefetch";
import { readDockerfile } from "../../../components/catalog/dockerfile/reading";

function prefetch(...lines: string[]): string[] {
  const options = { arguments: {}, platforms: ["linux/amd64"], triggersOf: () => [] };
  const { stages } = readDockerfile(lines.join("\n"), "images/x/Dockerfile", options);
  return prefetchableStages(stages, (image) => ["base", "tooling"].includes(image));
}

describe("the stages that can be built before the layers beneath", () => {
  it("are those that the others take files from, with all that they stand on", () => {
    const fetch = ["FROM debian:12 AS apt", "RUN apt", "FROM apt AS mise", "RUN npm ci", "FROM apt AS age", "RUN age"];
    assert.deepEqual(prefetch(...fetch, "FROM base", "COPY --link --from=mise / /", "COPY --from=2 / /"), [
      "mise",
      "age",
    ]);
  });

  it("are none that stand on a layer or use one, nor what is upon such", () => {
    const used = [
      "FROM base AS a",
      "RUN a",
      "FROM debian:12 AS b",
      "RUN --mount=from=tooling ls",
      "FROM b AS c",
      "RUN c",
    ];
    assert.deepEqual(prefetch(...used, "FROM scratch", "COPY --from=a / /", "COPY --from=c / /"), []);
  });

  it("are none that only copy, and none that nothing needs", () => {
    const idle = ["FROM debian:12 AS copies", "COPY a /", "FROM debian:12 AS unused", "RUN x"];
    assert.deepEqual(prefetch(...idle, "FROM base", "COPY --from=copies / /"), []);
  });

  it("are none where the Dockerfile needs no layer: it is built at once", () => {
    assert.deepEqual(prefetch("FROM debian:12 AS a", "RUN a", "FROM debian:12", "COPY --from=a / /"), []);
  });

  it("count a download as work, and the mounts of steps as use", () => {
    const sum = `--checksum=sha256:${"0".repeat(64)}`;
    const stages = ["FROM scratch AS a", `ADD ${sum} https://x.test/a /`, "FROM debian:12 AS b", "RUN b"];
    assert.deepEqual(prefetch(...stages, "FROM base", "RUN --mount=from=a ls", "RUN --mount=from=b ls"), ["a", "b"]);
  });

  it("are none without a name of their own, by which alone BuildKit knows what to build", () => {
    const stages = ["FROM debian:12", "RUN a", "FROM debian:12 AS x", "RUN b", "FROM base AS x", "COPY --from=1 / /"];
    assert.deepEqual(prefetch(...stages, "COPY --from=0 / /"), []);
  });
});

describe("the secrets of a Dockerfile", () => {
  const secrets = (...steps: string[]) => {
    const options = { arguments: {}, platforms: ["linux/amd64"], triggersOf: () => [] };
    return readDockerfile(["FROM a", ...steps].join("\n"), "images/x/Dockerfile", options).secrets;
  };

  it("are known by their ids, and by the end of the target where there is none", () => {
    assert.deepEqual(
      secrets(
        "RUN --mount=type=secret,id=npm x",
        "RUN --mount=type=secret,target=/run/secrets/key --mount=type=secret,src=npm,required x",
        "RUN --mount=type=secret,id=env,env=TOKEN,required=false x",
      ),
      [
        { id: "npm", required: true, line: 3 },
        { id: "key", required: false, line: 3 },
        { id: "env", required: false, line: 4 },
      ],
    );
  });

  it("are none of a stage that is not reached", () => {
    assert.deepEqual(secrets("RUN --mount=type=secret,id=x y", "FROM b"), []);
  });

  it("need an id that can be known", () => {
    assert.throws(() => secrets("RUN --mount=type=secret x"), /Dockerfile:2: a secret needs an id/);
    assert.throws(() => secrets("ARG N=a", "RUN --mount=type=secret,id=$N x"), /Dockerfile:3: .*\$N has a variable/);
  });
});
