import assert from "node:assert/strict";
import { copyOperations } from "../../../components/release/provider/copy";
import { FakeRegistries } from "./fake-registries";

const [from, to] = ["dev.example/acme/app", "prod.example/acme/app"];
const tag = `b-${"1".repeat(64)}`;
const platforms = ["linux/amd64", "linux/arm64"];
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("a copy of an image by digest", () => {
  let registries: FakeRegistries;
  let digest: string;
  beforeEach(() => {
    registries = new FakeRegistries();
    digest = registries.push(`${from}:${tag}`, "image", { platforms });
  });

  const operations = () => copyOperations(registries);
  const wanted = () => ({ source: `${from}@${digest}`, repository: to, tag, digest, platforms });

  describe("in a plan", () => {
    it("asks nothing where nothing changed", async () => {
      assert.deepEqual(await operations().check(wanted(), wanted()), []);
      assert.deepEqual(operations().diff(wanted(), wanted()), []);
      assert.deepEqual(registries.calls, []);
    });

    it("may be of what is there, for the platforms that are asked for and more", async () => {
      assert.deepEqual(await operations().check(undefined, wanted()), []);
      assert.deepEqual(await operations().check(undefined, { ...wanted(), platforms: ["linux/arm64"] }), []);
    });

    it("changes for each of its inputs", () => {
      const about = { buildId: "f", commit: "g", changed: "h", held: true, obeyed: "i", overruled: [false] };
      const other = { source: "a", repository: "b", tag: "c", digest: "d", platforms: ["e"], ...about };
      assert.deepEqual(operations().diff(wanted(), other).toSorted(), Object.keys(other).sort());
      assert.deepEqual(Object.keys(other).filter(operations().replaces), ["repository"]);
    });

    const refused: [string, () => Record<string, unknown>, RegExp][] = [
      [
        "that is not there",
        () => ({ source: `${from}@sha256:${"0".repeat(64)}`, digest: `sha256:${"0".repeat(64)}` }),
        /^dev\.example\/acme\/app@sha256:0+ is not there; build it/,
      ],
      ["without a platform", () => ({ platforms: [...platforms, "linux/s390x"] }), /has no linux\/s390x; build it/],
      ["whose address has no digest", () => ({ source: `${from}:${tag}` }), /is no address by digest/],
      ["of another digest", () => ({ digest: `sha256:${"0".repeat(64)}` }), /has another digest than sha256:0/],
      [
        "whose tag names something else at the target",
        () => {
          registries.push(`${to}:${tag}`, "other");
          return {};
        },
        /^prod\.example\/acme\/app:b-1+ names sha256:\w+ and was to name sha256:\w+; .* nothing was overwritten/,
      ],
      [
        "that was made on stand-ins, if only for one platform",
        () => {
          const labels = { "strata.stand-in": "debian:trixie-slim alpine:3.22" };
          digest = registries.push(`${from}:${tag}`, "stands in", { platforms, labels });
          return wanted();
        },
        /was made on stand-ins for alpine:3\.22, debian:trixie-slim and must not leave/,
      ],
    ];
    for (const [what, change, message] of refused) {
      it(`is refused of one ${what}`, async () => {
        const problems = await operations().check(undefined, { ...wanted(), ...change() });
        assert.equal(problems.length, 1);
        assert.match(String(problems), message);
        assert.deepEqual(registries.writes, []);
      });
    }

    it("waits for what is not known yet", async () => {
      for (const key of Object.keys(wanted())) {
        assert.deepEqual(await operations().check(undefined, { ...wanted(), [key]: unknown }), [], key);
      }
    });
  });

  describe("in an update", () => {
    it("is there with the very digest", async () => {
      assert.deepEqual(await operations().put(undefined, wanted()), { ...wanted(), given: digest, before: [] });
      assert.deepEqual(registries.tags(to), { [tag]: digest });
      assert.deepEqual(registries.writes, [`image copy --referrers --force-recursive ${from}@${digest} ${to}:${tag}`]);
    });

    it("tells what was there before, newest first; and goes back to it though its source has it no more", async () => {
      const names = (of: string) => ({
        ...wanted(),
        source: `${from}@${of}`,
        digest: of,
        tag: of.replace("sha256:", "d-"),
      });
      const later = registries.push(`${from}:later`, "later", { platforms });
      const first = await operations().put(undefined, { ...names(digest), commit: "c" });
      const second = await operations().put(first, names(later));
      const before = { digest, commit: "c", platforms };
      assert.deepEqual(second.before, [before]);
      assert.deepEqual((await operations().put(second, { ...names(later), held: true })).before, [before]);
      registries.repositories.delete(from);
      assert.deepEqual(await operations().check(second, names(digest)), []);
      const third = await operations().put(second, names(digest));
      assert.deepEqual(
        (third.before as { digest: string }[]).map((image) => image.digest),
        [later, digest],
      );
    });

    it("has what is attached by tags, of each platform too; what the target has of these is its own", async () => {
      const { manifests } = JSON.parse(registries.repositories.get(from)?.contents.get(digest) ?? "");
      const amd64: string = manifests[0].digest;
      const signature = (of: string, kind: string) => `${of.replace(":", "-")}.${kind}`;
      for (const name of [signature(digest, "sig"), signature(amd64, "att"), `sha256-${"5".repeat(64)}.sig`]) {
        registries.push(`${from}:${name}`, name);
      }
      const own = registries.push(`${to}:${signature(digest, "sig")}`, "of the target");
      await operations().put(undefined, wanted());
      assert.deepEqual(
        Object.keys(registries.tags(to)).sort(),
        [tag, signature(amd64, "att"), signature(digest, "sig")].sort(),
      );
      assert.equal(registries.tags(to)[signature(digest, "sig")], own);
      assert.match(registries.writes.at(-1) ?? "", new RegExp(`${to}:${tag}$`), "the image's own tag comes last");
    });

    it("overwrites nothing", async () => {
      const other = registries.push(`${to}:${tag}`, "other");
      await assert.rejects(operations().put(undefined, wanted()), /nothing was overwritten/);
      assert.deepEqual(registries.tags(to), { [tag]: other });
    });

    it("is an error where the target has it without a platform, or under another digest", async () => {
      const { manifests } = JSON.parse(registries.repositories.get(from)?.contents.get(digest) ?? "");
      registries.fault = (call) => {
        if (call.startsWith("image digest prod")) registries.repositories.get(to)?.contents.delete(manifests[1].digest);
        return undefined;
      };
      const lacking = new RegExp(
        `:b-1+: its registry does not have all of .*: ${manifests[1].digest} cannot be read there`,
      );
      await assert.rejects(operations().put(undefined, wanted()), lacking);
      registries.fault = (call) => {
        if (call === `image digest ${to}:${tag}` && registries.writes.length > 1)
          registries.tag(`${to}:${tag}`, "sha256:x");
        return undefined;
      };
      await assert.rejects(operations().put(undefined, wanted()), new RegExp(`${digest} cannot be read there`));
    });

    it("reads the image once for the check and the copy, and not again to look whether it is whole", async () => {
      const one = operations();
      await one.check(undefined, wanted());
      await one.put(undefined, wanted());
      assert.equal(
        registries.calls.filter((call) => /^(manifest|blob) get/.test(call)).length,
        1 + 2 * platforms.length,
      );
    });

    it("comes to the same end in the next update where it is ended at any call", async () => {
      for (const when of ["before", "halfway", "afterwards"] as const) {
        for (let moment = 0, ended = false; !ended; moment++) {
          registries = new FakeRegistries();
          digest = registries.push(`${from}:${tag}`, "image", { platforms });
          registries.push(`${from}:${digest.replace(":", "-")}.sig`, "signature");
          registries.fault = () =>
            registries.calls.length > moment ? { error: new Error("killed"), when } : undefined;
          ended = await operations()
            .put(undefined, wanted())
            .then(
              () => true,
              () => false,
            );
          registries.fault = () => undefined;
          assert.deepEqual(await operations().check(undefined, wanted()), []);
          await operations().put(undefined, wanted());
          assert.deepEqual(registries.tags(to), { ...registries.tags(from) }, `at call ${moment}`);
        }
      }
    });
  });

  describe("afterwards", () => {
    beforeEach(() => operations().put(undefined, wanted()));

    it("is what it is, in a refresh", async () => {
      assert.deepEqual(await operations().read(wanted()), {
        props: { ...wanted(), given: digest, before: [] },
        inputs: wanted(),
      });
    });

    it("is named nothing where its tag or its digest is gone, and the next update copies it again", async () => {
      const before = [{ digest: "sha256:earlier" }];
      const put = { ...(await operations().put(undefined, wanted())), held: true, before };
      registries.repositories.get(to)?.contents.delete(digest);
      const found = await operations().read(put);
      assert.deepEqual(found?.props, { ...put, digest: "" });
      registries.repositories.get(to)?.tags.delete(tag);
      const gone = (await operations().read(put))?.props;
      assert.deepEqual(gone, { ...put, digest: "" });
      assert.deepEqual(operations().diff(gone ?? {}, { ...wanted(), held: true }), ["digest"]);
      assert.deepEqual((await operations().put(gone, { ...wanted(), held: true })).before, before);
    });

    it("shows what its tag names, and is refused in the next plan, where somebody moved it", async () => {
      const other = registries.push(`${to}:${tag}`, "other");
      const { inputs } = (await operations().read(wanted())) ?? {};
      assert.deepEqual(inputs, { ...wanted(), digest: other });
      assert.match(String(await operations().check(inputs, wanted())), /nothing was overwritten/);
    });

    it("stays when the resource goes", async () => {
      const before = registries.calls.length;
      await operations().delete(wanted());
      assert.deepEqual(registries.tags(to), { [tag]: digest });
      assert.equal(registries.calls.length, before);
    });

    it("cannot be told where the registry cannot be asked: that is no drift", async () => {
      registries.fault = () => ({ error: new Error("down") });
      await assert.rejects(operations().read(wanted()), /down/);
    });
  });
});
