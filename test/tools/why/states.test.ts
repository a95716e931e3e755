import assert from "node:assert/strict";
import { otherStacks, pastStates, stateOf } from "../../../tools/why/states";
import { withFolder } from "../../components/catalog/folder";
import { withTools } from "../../components/fake-tool";

const urn = (type: string, name: string) => `urn:pulumi:dev::strata::strata:image:Family$${type}::${name}`;
const resources = (digest: string) => [
  { urn: urn("pulumi:pulumi:Stack", "strata-dev"), type: "pulumi:pulumi:Stack" },
  {
    urn: urn("strata:image:Layer", "app"),
    type: "strata:image:Layer",
    inputs: { files: "" },
    outputs: { digest, ref: `r/app@${digest}`, buildId: "1", record: { seconds: 2 } },
  },
  { urn: urn("strata:image:Layer", "broken"), type: "strata:image:Layer", inputs: { files: "" }, outputs: {} },
  {
    urn: urn("docker-build:index:Image", "broken"),
    type: "docker-build:index:Image",
    outputs: { digest: "sha256:old", tags: ["r/broken:b-1"], builder: { name: "ci" } },
  },
];
const state = (digest: string) => JSON.stringify({ deployment: { resources: resources(digest) } });
const checkpoint = (digest: string) => JSON.stringify({ checkpoint: { latest: { resources: resources(digest) } } });

describe("what states know of a layer", () => {
  it("is what it was built from, and of one whose build failed, the image before", () =>
    withTools({ pulumi: `printf '%s' '${state("sha256:a")}'` }, async (env) => {
      const layers = await stateOf("dev", env);
      assert.deepEqual(layers.get("app")?.built, {
        ref: "r/app@sha256:a",
        digest: "sha256:a",
        buildId: "1",
        record: { seconds: 2 },
      });
      const broken = layers.get("broken");
      assert.deepEqual(
        [broken?.built, broken?.lastDigest, broken?.tag, broken?.builder],
        [undefined, "sha256:old", "r/broken:b-1", "ci"],
      );
    }));

  it("is an error with Pulumi's words where the state cannot be read", () =>
    withTools({ pulumi: "echo 'error: no stack named dev found' >&2; exit 1" }, (env) =>
      assert.rejects(stateOf("dev", env), /^Error: no stack named dev found$/),
    ));

  it("is in other stacks too; those that cannot be read are named", () => {
    const names = JSON.stringify([{ name: "dev" }, { name: "prod" }, { name: "old" }]);
    const script = `case "$*" in "stack ls --json "*) printf '%s' '${names}' ;; *" prod "*) printf '%s' '${state("sha256:b")}' ;; *) exit 1 ;; esac`;
    return withTools({ pulumi: script }, async (env) => {
      const { states, unread } = await otherStacks("acme/dev", env);
      assert.deepEqual([...states.keys()], ["prod"]);
      assert.equal(states.get("prod")?.get("app")?.built?.digest, "sha256:b");
      assert.deepEqual(unread, ["old"]);
    });
  });

  it("is what earlier updates left in a folder, newest first; what cannot be read is left out", () =>
    withFolder(
      {
        ".pulumi/history/strata/dev/dev-1795275898664412665.checkpoint.json": checkpoint("sha256:1"),
        ".pulumi/history/strata/dev/dev-1795275918344461222.checkpoint.json": checkpoint("sha256:2"),
        ".pulumi/history/strata/dev/dev-1795275918344461223.checkpoint.json": "{",
        ".pulumi/history/strata/dev/dev-1795275918344461222.history.json": "{}",
        ".pulumi/history/strata/prod/prod-1795275918344461222.checkpoint.json": checkpoint("sha256:3"),
      },
      (folder) => {
        const past = pastStates("acme/dev", { PULUMI_BACKEND_URL: `file://${folder}` });
        assert.deepEqual(
          past.map((layers) => layers.get("app")?.built?.digest),
          ["sha256:2", "sha256:1"],
        );
        assert.deepEqual(pastStates("dev", { PULUMI_BACKEND_URL: "https://api.pulumi.com" }), []);
        assert.deepEqual(pastStates("dev", {}), []);
      },
    ));
});
