import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { tagsOf } from "../../../tools/why/tags";
import { withTools } from "../../components/fake-tool";

const built = (digit: string) => `b-${digit.repeat(64)}`;

/** A regctl whose repository has these tags, each naming its own name as a digest. */
const regctl = (tags: readonly string[]) =>
  [
    'echo "$*" >> "$CALLS"',
    'case "$1 $2" in',
    `"tag ls") printf '%s\\n' ${tags.join(" ")} ;;`,
    `"image digest") case "$3" in *:gone) echo "not found [http 404]" >&2; exit 1 ;; esac; echo "sha256:\${3##*:}" ;;`,
    "esac",
  ].join("\n");

describe("the tags of a layer", () => {
  it("are looked at with the digest that each names; one that is gone meanwhile is left out", () =>
    withTools({ regctl: regctl(["latest", "gone", built("1")]) }, async (env) => {
      const { digests, more } = await tagsOf("r/app", "", [], env);
      assert.deepEqual([...digests.keys()].sort(), [built("1"), "latest"]);
      assert.equal(digests.get("latest"), "sha256:latest");
      assert.equal(more, 1);
    }));

  it("are those with its prefix, where layers share a repository", () =>
    withTools({ regctl: regctl(["app-latest", "base-latest", `app-${built("1")}`]) }, async (env) => {
      const { digests, more } = await tagsOf("r/all", "app-", [], env);
      assert.deepEqual([[...digests.keys()].sort(), more], [[`app-${built("1")}`, "app-latest"], 0]);
    }));

  it("are not all looked at where there are many: first what people gave, then what the caller knows", () =>
    withTools(
      { regctl: regctl([...Array.from({ length: 300 }, (_, n) => `b-${String(n).padStart(64, "0")}`), "z"]) },
      async (env) => {
        const last = `b-${"299".padStart(64, "0")}`;
        const { digests, more } = await tagsOf("r/app", "", [last], env);
        assert.deepEqual([...digests.keys()].slice(0, 2).sort(), [last, "z"]);
        assert.deepEqual([digests.size, more], [200, 101]);
        const calls = existsSync(env.CALLS) ? readFileSync(env.CALLS, "utf8").trim().split("\n").length : 0;
        assert.equal(calls, 201);
      },
    ));

  it("are none of a repository that is not there, and an error where it cannot be asked", async () => {
    await withTools({ regctl: "echo 'not found [http 404]' >&2; exit 1" }, async (env) => {
      assert.deepEqual((await tagsOf("r/app", "", [], env)).digests, new Map());
    });
    await withTools({ regctl: "echo 'unauthorized [http 401]' >&2; exit 1" }, (env) =>
      assert.rejects(tagsOf("r.example/app", "", [], env), {
        name: "RegistryError",
        message: /docker login r\.example$/,
      }),
    );
  });
});
