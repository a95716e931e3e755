import assert from "node:assert/strict";
import { HalfDone, type Properties } from "../../../components/release/provider/resource";
import { tagsOperations } from "../../../components/release/provider/tags";
import { FakeRegistries } from "./fake-registries";

const repository = "r.example/acme/app";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("release tags", () => {
  let registries: FakeRegistries;
  let [first, second] = ["", ""];
  beforeEach(() => {
    registries = new FakeRegistries();
    first = registries.push(`${repository}:b-1`, "first");
    second = registries.push(`${repository}:b-2`, "second");
    registries.calls.length = 0;
  });

  const operations = () => tagsOperations(registries);
  const wanted = (tags: Record<string, string>, immutable: string[] = [], keep = true) => ({
    repository,
    tags,
    immutable,
    keep,
  });
  const named = () => {
    const { "b-1": one, "b-2": two, ...others } = registries.tags(repository);
    assert.deepEqual([one, two], [first, second], "what builds push stays");
    return others;
  };

  describe("in a plan", () => {
    it("ask nothing where nothing changed, and of moving tags nothing at all", async () => {
      const inputs = wanted({ latest: first, "1.0.0": first }, ["1.0.0"]);
      assert.deepEqual(await operations().check(inputs, inputs), []);
      assert.deepEqual(await operations().check(inputs, wanted({ latest: second, "1.0.0": first }, ["1.0.0"])), []);
      assert.deepEqual(registries.calls, []);
    });

    it("are refused where one that may never move names something else, with all that is needed to act on it", async () => {
      registries.tag(`${repository}:1.0.0`, first);
      registries.tag(`${repository}:1.0.1`, second);
      const [problem, ...others] = await operations().check(
        undefined,
        wanted({ latest: second, "1.0.0": second, "1.0.1": second }, ["1.0.0", "1.0.1"]),
      );
      assert.deepEqual(others, []);
      assert.equal(
        problem,
        `${repository}:1.0.0 names ${first} and was to name ${second}; it must never name anything else, so nothing was overwritten. Release under another name, or, where nobody can have used it, take it away first: regctl tag delete ${repository}:1.0.0`,
      );
      assert.deepEqual(registries.writes, []);
    });

    it("change where it becomes known that there are no versions, and not where that is no longer asked", () => {
      assert.deepEqual(operations().diff(wanted({}), { ...wanted({}), versions: {} }), ["versions"]);
      assert.deepEqual(operations().diff({ ...wanted({}), versions: {} }, wanted({})), []);
    });

    it("are asked for where a tag becomes one that may never move, and where the repository is another one", async () => {
      const before = wanted({ "1.0.0": first });
      await operations().check(before, wanted({ "1.0.0": first }, ["1.0.0"]));
      assert.deepEqual(registries.calls, [`image digest ${repository}:1.0.0`]);
      const there = { ...wanted({ "1.0.0": first }, ["1.0.0"]), repository: "r.example/other" };
      await operations().check(wanted({ "1.0.0": first }, ["1.0.0"]), there);
      assert.equal(registries.calls[1], "image digest r.example/other:1.0.0");
    });

    it("wait for what is not known yet", async () => {
      const news = { ...wanted({ latest: unknown, "1.0.0": unknown }, ["1.0.0"]) };
      assert.deepEqual(await operations().check(undefined, news), []);
      assert.deepEqual(await operations().check(undefined, { ...news, tags: unknown, immutable: unknown }), []);
      assert.deepEqual(await operations().check(undefined, { ...news, repository: unknown }), []);
      assert.deepEqual(registries.calls, []);
      assert.deepEqual(operations().diff(wanted({ latest: first }), wanted({ latest: unknown })), ["tags"]);
    });

    for (const tag of [".hidden", "-x", "a/b", "a:b", "", "x".repeat(129), "ä"]) {
      it(`are refused for the tag "${tag.slice(0, 20)}", which no registry takes`, async () => {
        assert.match(String(await operations().check(undefined, wanted({ [tag]: first }))), /" is no tag; expected/);
      });
    }

    it("are refused for what is no digest", async () => {
      assert.match(
        String(await operations().check(undefined, wanted({ latest: "1.0" }))),
        /latest: "1.0" is no digest/,
      );
    });

    it("fail where the registry cannot be asked", async () => {
      registries.fault = () => ({ error: new Error("down") });
      await assert.rejects(operations().check(undefined, wanted({ "1.0.0": first }, ["1.0.0"])), /down/);
    });

    it("change for their tags, their repository, what may not move and whether they stay; not for an order", () => {
      const olds = { ...wanted({ a: first, b: second }, ["a"]), given: {} };
      assert.deepEqual(operations().diff(olds, wanted({ b: second, a: first }, ["a"])), []);
      assert.deepEqual(operations().diff(olds, wanted({ a: first, b: first }, ["a", "b"], false)), [
        "tags",
        "immutable",
        "keep",
      ]);
      assert.deepEqual(operations().diff(olds, { ...olds, repository: "other" }), ["repository"]);
      assert.deepEqual(["repository", "tags", "keep"].filter(operations().replaces), ["repository"]);
    });
  });

  describe("in an update", () => {
    it("are given, those first that may never move; what is right is left alone", async () => {
      registries.tag(`${repository}:1.0`, first);
      registries.tag(`${repository}:latest`, second);
      const outs = await operations().put(
        undefined,
        wanted({ latest: first, "1.0": first, "1.0.0": first }, ["1.0.0"]),
      );
      assert.deepEqual(named(), { latest: first, "1.0": first, "1.0.0": first });
      assert.deepEqual(registries.writes, [
        `image copy ${repository}@${first} ${repository}:1.0.0`,
        `image copy ${repository}@${first} ${repository}:latest`,
      ]);
      assert.deepEqual(outs.given, { latest: first, "1.0": first, "1.0.0": first });
    });

    it("write nothing where one that may never move names something else", async () => {
      registries.tag(`${repository}:1.0.0`, first);
      await assert.rejects(
        operations().put(undefined, wanted({ latest: second, "1.0.0": second, "2.0.0": second }, ["1.0.0", "2.0.0"])),
        /1\.0\.0 names sha256:\w+ and was to name .* nothing was overwritten/,
      );
      assert.deepEqual(registries.writes, []);
    });

    it("write nothing where a digest is not there", async () => {
      const missing = `sha256:${"0".repeat(64)}`;
      await assert.rejects(
        operations().put(undefined, wanted({ latest: first, "1.0.0": missing })),
        new RegExp(`${repository}: there is no ${missing} in it, so no tag was given`),
      );
      assert.deepEqual(registries.writes, []);
    });

    it("do not move what people pull where what names it for ever could not be given", async () => {
      registries.fault = (call) => (/copy .*:1\.0\.0$/.test(call) ? { error: new Error("no room") } : undefined);
      await assert.rejects(
        operations().put(undefined, wanted({ latest: first, "1.0.0": first, "1.0.1": first }, ["1.0.0", "1.0.1"])),
        (error) => {
          assert.ok(error instanceof HalfDone);
          assert.equal(error.message, "no room");
          assert.deepEqual(error.properties.given, { "1.0.0": first, "1.0.1": first }, "it may be there all the same");
          assert.deepEqual(error.properties.tags, { "1.0.1": first });
          return true;
        },
      );
      assert.deepEqual(named(), { "1.0.1": first });
    });

    it("are looked at again after one was given that nobody could look at, also where what was before is wanted", async () => {
      const before = await operations().put(undefined, wanted({ latest: first }));
      registries.fault = (call) =>
        /^image digest .*latest$/.test(call) && registries.tags(repository).latest === second
          ? { error: new Error("no service") }
          : undefined;
      await assert.rejects(operations().put(before, wanted({ latest: second })), HalfDone);
      assert.equal(registries.tags(repository).latest, second, "it was given");
    });

    it("are given where a deletion that was ended halfway has left its own image", async () => {
      registries.tag(`${repository}:pr-7-1`, first);
      registries.deletes = "never";
      await assert.rejects(registries.tell(["tag", "delete", `${repository}:pr-7-1`]), /405/);
      const again = wanted({ "pr-7-1": first }, ["pr-7-1"]);
      assert.deepEqual(await operations().check(undefined, again), []);
      await operations().put(undefined, again);
      assert.deepEqual(named(), { "pr-7-1": first });
    });

    it("tell where somebody else moves the same tag", async () => {
      registries.fault = (call) => {
        // Between the copy and the look at it.
        if (call.startsWith("image digest") && registries.writes.length > 0)
          registries.tag(`${repository}:latest`, second);
        return undefined;
      };
      await assert.rejects(
        operations().put(undefined, wanted({ latest: first })),
        /:latest: it was given to sha256:\w+ and names sha256:\w+; whatever else moves this tag must be stopped/,
      );
    });

    it("stay where they are when others take their place; those that are not to be kept go in the end, all of them", async () => {
      const before = await operations().put(undefined, wanted({ old: first, latest: first }));
      const kept = await operations().put(before, wanted({ latest: second }));
      assert.deepEqual(named(), { old: first, latest: second });
      assert.deepEqual(kept.given, { latest: second });

      const loose = await operations().put(kept, wanted({ "pr-1": first, "pr-2": first }, [], false));
      const all = { old: first, latest: second, "pr-1": first, "pr-2": first };
      assert.deepEqual(named(), all);
      const after = await operations().put(loose, wanted({ "pr-2": first }, [], false));
      assert.deepEqual(named(), all);
      assert.deepEqual(after.given, { latest: second, "pr-1": first, "pr-2": first });
      await operations().delete(after);
      assert.deepEqual(named(), { old: first });
      assert.ok(registries.has(`${repository}@${first}`));
    });
  });

  describe("in a refresh", () => {
    it("are what they name now; one that is gone is left out", async () => {
      const before = await operations().put(undefined, wanted({ a: first, b: first, c: first }, ["a"]));
      registries.tag(`${repository}:b`, second);
      registries.repositories.get(repository)?.tags.delete("c");
      const { props, inputs } = (await operations().read(before)) ?? {};
      assert.deepEqual(inputs, wanted({ a: first, b: second }, ["a"]));
      assert.deepEqual(props, { ...inputs, given: { a: first, b: first, c: first } });
      assert.deepEqual(operations().diff(props as Properties, wanted({ a: first, b: first, c: first }, ["a"])), [
        "tags",
      ]);
      await operations().put(props, wanted({ a: first, b: first, c: first }, ["a"]));
      assert.deepEqual(named(), { a: first, b: first, c: first });
    });

    it("are refused afterwards where one that may never move was moved by hand", async () => {
      const before = await operations().put(undefined, wanted({ a: first }, ["a"]));
      registries.tag(`${repository}:a`, second);
      const { inputs } = (await operations().read(before)) ?? {};
      assert.match(String(await operations().check(inputs, wanted({ a: first }, ["a"]))), /:a names .* nothing was/);
    });

    it("fail where the registry cannot be asked: that is no drift", async () => {
      const before = await operations().put(undefined, wanted({ a: first }));
      registries.fault = () => ({ error: new Error("down") });
      await assert.rejects(operations().read(before), /down/);
    });
  });

  describe("that are destroyed", () => {
    it("stay where they are to be kept", async () => {
      await operations().delete(await operations().put(undefined, wanted({ a: first })));
      assert.deepEqual(named(), { a: first });
    });

    it("stay where somebody gave them to something else, also when a refresh has seen it", async () => {
      const before = await operations().put(undefined, wanted({ a: first, b: first }, [], false));
      registries.tag(`${repository}:a`, second);
      const { props } = (await operations().read(before)) ?? {};
      await operations().delete(props as Properties);
      assert.deepEqual(named(), { a: second });
    });

    it("take nothing along: no digest, no other tag", async () => {
      const before = await operations().put(undefined, wanted({ a: first, b: first }, [], false));
      registries.tag(`${repository}:c`, first);
      await operations().delete(before);
      assert.deepEqual(named(), { c: first });
      assert.ok(registries.has(`${repository}@${first}`));
      await operations().delete(before);
    });
  });

  describe("whose provider is killed at any call, or whose registry fails for good there", () => {
    const before = () => wanted({ latest: first, old: first, "1.0.0": first }, ["1.0.0"], false);
    const after = () => wanted({ latest: second, "1.0.0": first, "1.1.0": second }, ["1.0.0", "1.1.0"], false);

    for (const when of ["before", "halfway", "afterwards"] as const) {
      it(`come to the same end in the next update, ended ${when} the call`, async () => {
        for (let moment = 0; ; moment++) {
          registries = new FakeRegistries();
          registries.deletes = "digest";
          first = registries.push(`${repository}:b-1`, "first");
          second = registries.push(`${repository}:b-2`, "second");
          let state = await operations().put(undefined, before());
          const at = registries.calls.length + moment;
          registries.fault = () => (registries.calls.length > at ? { error: new Error("killed"), when } : undefined);
          const ended = await operations()
            .put(state, after())
            .then(
              () => true,
              (error) => {
                if (error instanceof HalfDone) state = error.properties;
                return false;
              },
            );
          registries.fault = () => undefined;
          assert.equal(named()["1.0.0"], first);
          const outs = await operations().put(state, after());
          const all = { latest: second, old: first, "1.0.0": first, "1.1.0": second };
          assert.deepEqual(named(), all, `at call ${moment}`);
          assert.deepEqual(outs, { ...after(), given: named() });
          if (ended) return assert.ok(moment > 5, "there were calls to fail");
        }
      });
    }
  });
});
