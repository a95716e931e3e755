import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { nameIn } from "../../components/urn";
import { localBuilder } from "../../tools/services/buildkit";
import { emptyBuildkit } from "../../tools/services/services";
import { buildLog, failedStep } from "../../tools/stack/build-logs";
import { home, type Operation, Project } from "./project";

const base = {
  "images/base/Dockerfile": [
    "FROM alpine:3.22",
    "RUN echo 'worker:x:1001:1001::/home/worker:/bin/sh' >> /etc/passwd && mkdir -p /home/worker && echo hi > /greeting",
    "USER 1001:1001",
    "",
  ].join("\n"),
  "images/app/Dockerfile": "FROM base\nCOPY file /\n",
  "images/app/file": "a file\n",
};

const all = `
files:
  /greeting: { mode: "0644", owner: "0:0", matches: ^hi$ }
  /nothing: { exists: false }
users:
  worker: { uid: 1001, gid: 1001, home: /home/worker, shell: /bin/sh }
commands:
  - run: cat /greeting
    output: hi
  - name: runs as the image's user
    run: id -u
    output: "1001"
  - run: exit 3
    exitCode: 3
  - name: has no network
    run: ls /sys/class/net
    output: lo
  - run: cat "$TESTS/data/expected"
    matches: ^exp
`;

/** What the engine did to resources other than leave them, as `op type name`. */
function done({ events }: Operation): string[] {
  return events
    .flatMap(({ resourcePreEvent: event }) => event?.metadata ?? [])
    .filter(({ op }) => op !== "same")
    .map(({ op, urn, type }) => `${op} ${type.split(":").at(-1)} ${nameIn(urn)}`)
    .sort();
}

async function failure(project: Project): Promise<string> {
  let message = "";
  await assert.rejects(project.up({ continueOnError: true }), (error: Error) => {
    message = error.message;
    return true;
  });
  return message;
}

describe("tests of images", () => {
  let project: Project;
  before(async () => {
    project = await Project.make({
      ...base,
      "images/base/tests/all.yaml": all,
      "images/base/tests/data/expected": "expected\n",
      "images/base/tests/root.yaml": "as: root\ncommands: [{ run: id -u, output: '0' }]\n",
      "images/base/tests/slow.yaml": "slow: true\ncommands: [{ run: 'false' }]\n",
    });
  });
  after(() => project?.remove());

  it("run inside each image that stands on the layer they are written for, and its output says how many passed", async () => {
    const operation = await project.up();
    assert.deepEqual(
      done(operation).filter((line) => /Test|tests/.test(line)),
      ["create Image app/tests", "create Image base/tests", "create ImageTest app", "create ImageTest base"],
    );
    const layers = await project.layers();
    assert.equal(layers.base?.tests, 9);
    assert.equal(layers.app?.tests, 9);
  });

  it("are not run again, and no plan has anything of them", async () => {
    const operation = await project.up();
    assert.deepEqual(done(operation), []);
  });

  it("run anew when they change, and nothing is built", async () => {
    project.append("images/base/tests/data/expected", "more\n");
    const preview = await project.preview();
    const expected = ["Image app/tests", "Image base/tests", "ImageTest app", "ImageTest base"].map(
      (r) => `update ${r}`,
    );
    assert.deepEqual(done(preview), expected);
    assert.match(preview.output, /strata:image:ImageTest +base +update +\[diff: ~tests\]/);
    assert.deepEqual(done(await project.up()), expected);
  });

  it("of a layer above run in that one alone", async () => {
    project.write("images/app/tests/app.sh", "#!/bin/sh\ntest -e /file\n");
    await project.run("chmod", "+x", "images/app/tests/app.sh");
    assert.deepEqual(done(await project.up()), ["update Image app/tests", "update ImageTest app"]);
    assert.equal((await project.layers()).app?.tests, 10);
  });

  it("that fail say what ran, what was expected and what came, and the layers above are built", async () => {
    project.write("images/app/file", "another file\n");
    project.write(
      "images/base/tests/wrong.yaml",
      'commands:\n  - name: the greeting\n    run: cat /greeting\n    output: hello\nfiles:\n  /greeting: { mode: "0600" }\n',
    );
    const before = await project.layers();
    const message = await failure(project);
    assert.deepEqual(await project.layers(), before, "nothing that could be released");
    assert.match(message, /process "\/bin\/sh \/\.strata\/base\/run\/wrong\.yaml" did not complete/);
    // What Pulumi prints has of the report what came before the provider stopped; the builder's log has all of it.
    const log = failedStep((await buildLog("base", localBuilder, project.env, project.folder)) ?? "");
    assert.match(log, /FAILED images\/base\/tests\/wrong\.yaml: the greeting/);
    assert.match(log, /command +cat \/greeting\n.*expected +output: hello\n.*came +output: hi/);
  });

  it("go on from there", async () => {
    project.delete("images/base/tests/wrong.yaml");
    await project.up();
    const now = await project.layers();
    assert.equal(now.app?.tests, 10);
    assert.ok(now.app?.sizeBytes && now.app.seconds, "recorded by the update that failed");
    assert.deepEqual(done(await project.up()), []);
    assert.deepEqual(await project.layers(), now);
  });
});

describe("tests that are slow", () => {
  it("run where the configuration asks for them", async () => {
    const files = { ...base, "images/base/tests/slow.yaml": "slow: true\ncommands: [{ run: 'true' }]\n" };
    const project = await Project.make(files, { config: { tests: "all" } });
    try {
      await project.up();
      assert.equal((await project.layers()).app?.tests, 1);
    } finally {
      project.remove();
    }
  });
});

describe("a test that has passed", () => {
  it("is not run again for the same digest, on an emptied builder and by another stack neither", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("answer\n");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const ask = (what: string) =>
      `network: true\ncommands:\n  - run: wget -q -O - http://127.0.0.1:${port}/${what}\n    output: answer\n`;
    const files = { ...base, "images/base/tests/ask.yaml": ask("base"), "images/app/tests/more.yaml": ask("app") };
    const project = await Project.make(files);
    const other = await Project.make(files, { config: { organisation: project.organisation } });
    try {
      await project.up();
      assert.deepEqual(asked.sort(), ["/app", "/base", "/base"]);
      await emptyBuildkit(home);
      await other.up();
      assert.equal((await other.layers()).app?.tests, 2);
      assert.deepEqual(asked.slice(3), [], "cached in the registry");

      await emptyBuildkit(home);
      other.write("images/app/tests/more.yaml", ask("changed"));
      await other.up();
      assert.deepEqual(asked.slice(3), ["/changed"], "not those that did not change");
    } finally {
      server.close();
      project.remove();
      other.remove();
    }
  });
});

describe("a size budget", () => {
  const files = {
    "images/base/Dockerfile": "FROM alpine:3.22\nRUN head -c 200000 /dev/urandom > /big\n",
    "images/base/image.yaml": "sizeBudget: 100 kB\n",
    "images/app/Dockerfile": "FROM base\nRUN echo app > /app\n",
    "images/app/image.yaml": "sizeBudget: 10 kB\n",
  };

  it("that is exceeded fails each update, says by what, and leaves nothing unbuilt", async () => {
    const project = await Project.make(files);
    try {
      for (const attempt of ["the one that builds", "the next one"]) {
        const message = await failure(project);
        assert.match(
          message,
          /images\/base\/image\.yaml: sizeBudget: base adds 0\.2 MB to alpine:3\.22, compressed, and may/,
          attempt,
        );
        assert.match(message, / {2}0\.2 MB {2}RUN .*head -c 200000/);
        assert.doesNotMatch(message, /app adds|serializing/);
      }
      assert.deepEqual(await project.layers(), {}, "nothing that could be released");
      await assert.rejects(project.preview(), /sizeBudget: base adds/);

      project.write("images/base/image.yaml", "sizeBudget: 1 MB\n");
      assert.deepEqual(done(await project.up()), []);
      const { base, app } = await project.layers();
      assert.ok(base?.addedBytes && base.addedBytes > 200_000 && base.addedBytes < 210_000, String(base?.addedBytes));
      assert.ok(app?.addedBytes && app.addedBytes < 10_000, String(app?.addedBytes));
    } finally {
      project.remove();
    }
  });
});
