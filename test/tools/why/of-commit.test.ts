import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { historySourceOf } from "../../../tools/stack/config-files";
import { commitImage } from "../../../tools/why/of-commit";
import { commitImageText } from "../../../tools/why/print";
import { commitImageSchema } from "../../../tools/why/shape";
import { withFolder } from "../../components/catalog/folder";
import { withTools } from "../../components/fake-tool";
import { Repository, source, withRepository } from "../../components/release/histories";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const family = {
  "upstreams.yaml": `debian:12: ${digest("1")}\n`,
  "images/base/Dockerfile": "FROM debian:12\n",
  "images/app/Dockerfile": "FROM base\nCOPY run /run\n",
  "images/app/run": "run\n",
};

/** A registry that has these tags and no others. */
const regctl = (...tags: string[]) =>
  `echo "$*" >> "$CALLS"\ncase "$3" in ${tags.join("|")}) echo ${digest("a")} ;; *) echo "not found [http 404]" >&2; exit 1 ;; esac`;

const imageOf = (
  repository: Repository,
  commit: string,
  env: Record<string, string>,
  { layer = "app", tagPrefix = "" } = {},
) => {
  const options = { stack: "dev", commit, source: { ...source, folder: repository.folder } };
  return commitImage(layer, { ...options, place: { repository: "r.io/x", tagPrefix } }, env);
};

describe("the image that a commit stands for", () => {
  it("is that of the last commit that changed the layer, by its tag, which is all that the registry is asked", () =>
    withRepository(family, async (repository) => {
      const changed = repository.commit("images/app/run", "walk\n", "walk");
      const asked = repository.commit("README.md", "words\n", "words");
      repository.commit("images/app/run", "fly\n", "fly");
      await withTools({ regctl: regctl(`r.io/x:app-${changed}`) }, async (env) => {
        const image = commitImageSchema.parse(await imageOf(repository, "HEAD~1", env, { tagPrefix: "app-" }));
        assert.deepEqual([image.commit.commit, image.commit.subject], [asked, "words"]);
        assert.deepEqual([image.changed.commit, image.changed.reasons], [changed, ["M run"]]);
        assert.deepEqual([image.tag, image.digest], [`r.io/x:app-${changed}`, digest("a")]);
        assert.equal(image.ref, `r.io/x@${digest("a")}`);
        assert.equal(readFileSync(env.CALLS, "utf8"), `image digest r.io/x:app-${changed}\n`);
        assert.match(commitImageText(image), /^changed by {2}[0-9a-f]{12} \d{4}-\d\d-\d\d walk$/m);
      });
    }));

  it("is none where no build was ever tagged so, which says what to do", () =>
    withRepository(family, (repository, first) =>
      withTools({ regctl: regctl("none") }, async (env) => {
        const image = commitImageSchema.parse(await imageOf(repository, "main", env));
        assert.deepEqual([image.digest, image.ref, image.changed.commit], [null, null, first]);
        const text = commitImageText(image);
        assert.match(text, /^changed by {2}this commit$/m);
        assert.match(
          text,
          new RegExp(`^Note: .*strata:releaseTags: git switch --detach ${first}, then strata up`, "m"),
        );
      }),
    ));

  it("is, of a stack that promotes, told by the configuration of the one that built it", () =>
    withRepository(
      {
        ...family,
        "Pulumi.yaml":
          "name: p\nconfig:\n  strata:images: { default: images }\n  strata:upstreams: { default: upstreams.yaml }\n  strata:labels: { default: {} }\n",
        "Pulumi.dev.yaml": "config: {}\n",
        "Pulumi.staging.yaml": "config:\n  strata:promoteFrom: acme/p/dev\n",
        "Pulumi.prod.yaml": "config:\n  strata:promoteFrom: staging\n",
        "Pulumi.foreign.yaml": "config:\n  strata:promoteFrom: acme/q/dev\n",
        "Pulumi.circle.yaml": "config:\n  strata:promoteFrom: circle\n",
      },
      (repository, first) =>
        withTools({ regctl: regctl("none") }, async (env) => {
          const changedOf = async (stack: string) => {
            const source = { ...historySourceOf(stack, repository.folder), folder: repository.folder };
            const place = { repository: "r.io/x", tagPrefix: "" };
            return (await commitImage("app", { stack, commit: "HEAD", source, place }, env)).changed.commit;
          };
          const labelled = repository.commit("Pulumi.dev.yaml", "config:\n  strata:labels: { team: a }\n");
          repository.commit(
            "Pulumi.prod.yaml",
            "config:\n  strata:promoteFrom: staging\n  strata:labels: { team: x }\n",
          );
          assert.equal(await changedOf("dev"), labelled);
          assert.equal(await changedOf("prod"), labelled);
          for (const stack of ["foreign", "circle"]) assert.equal(await changedOf(stack), first, stack);
        }),
    ));

  it("does not depend on the work tree", () =>
    withRepository(family, (repository, first) =>
      withTools({ regctl: regctl("none") }, async (env) => {
        repository.write("images/app/run", "walk\n");
        assert.equal((await imageOf(repository, "HEAD", env)).changed.commit, first);
      }),
    ));

  it("is an error for what there is not, and where a shallow clone cannot tell", () =>
    withRepository(family, (repository) =>
      withTools({ regctl: "exit 1" }, async (env) => {
        for (const wrong of ["nope", "--help", ""]) {
          await assert.rejects(imageOf(repository, wrong, env), {
            name: "InputError",
            message: new RegExp(`^--commit: there is no commit "${wrong}"`),
          });
        }
        await assert.rejects(imageOf(repository, "HEAD", env, { layer: "ap" }), {
          message: /^--commit: there is no layer "ap" in the commit [0-9a-f]{12}; did you mean app\?/,
        });
        repository.commit("README.md", "words\n");
        await withFolder({}, async (parent) => {
          const clone = new Repository(join(parent, "clone"));
          repository.git("clone", "--quiet", "--depth=1", `file://${repository.folder}`, clone.folder);
          await assert.rejects(imageOf(clone, "HEAD", env), { message: /^app: this clone is shallow/ });
        });
      }),
    ));
});
