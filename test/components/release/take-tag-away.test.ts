import assert from "node:assert/strict";
import { takeTagAway } from "../../../components/release/provider/take-tag-away";
import { FakeRegistries } from "./fake-registries";

const repository = "r.example/acme/app";

describe("a tag that is taken away", () => {
  let registries: FakeRegistries;
  let digest: string;
  beforeEach(() => {
    registries = new FakeRegistries();
    digest = registries.push(`${repository}:b-${"1".repeat(64)}`, "image");
    registries.tag(`${repository}:pr-7`, digest);
  });

  const take = (tag = "pr-7") => takeTagAway(repository, tag, digest, registries);
  const tags = () => Object.keys(registries.tags(repository)).filter((tag) => !tag.startsWith("b-"));

  for (const deletes of ["tag", "digest"] as const) {
    it(`is gone, and its image is there, where a registry deletes by ${deletes}`, async () => {
      registries.deletes = deletes;
      await take();
      assert.deepEqual(tags(), []);
      assert.ok(registries.has(`${repository}@${digest}`));
      await take();
    });
  }

  it("is put back where the registry deletes nothing", async () => {
    registries.deletes = "never";
    await take();
    assert.equal(registries.tags(repository)["pr-7"], digest);
    assert.match(
      String(registries.said),
      /^warn: r\.example\/acme\/app:pr-7 stays: its registry cannot take tags away/,
    );
  });

  it("is put back, and an error, where the registry fails in the middle", async () => {
    registries.deletes = "digest";
    registries.fault = (call) => {
      if (!call.startsWith("tag delete")) return undefined;
      const { digest: other } = { digest: registries.push(`${repository}:pr-7`, "in its place") };
      assert.notEqual(other, digest);
      return { error: new Error("failed deleting dummy manifest [http 503]") };
    };
    await assert.rejects(take(), /503/);
    assert.equal(registries.tags(repository)["pr-7"], digest);
  });

  it("is taken away after a kill that left an image in its place, and so is no other tag's", async () => {
    registries.deletes = "never";
    registries.fault = (call) => (call.startsWith("image copy") ? { error: new Error("killed") } : undefined);
    await assert.rejects(take(), /killed/);
    assert.notEqual(registries.tags(repository)["pr-7"], digest);
    registries.fault = () => undefined;
    registries.deletes = "tag";
    registries.tag(`${repository}:other`, registries.tags(repository)["pr-7"] as string);
    await take("other");
    assert.deepEqual(tags(), ["pr-7", "other"], "its label names another tag");
    await take();
    assert.deepEqual(tags(), ["other"]);
  });

  it("stays where it is its image's only one, since some registries delete that with it", async () => {
    digest = registries.push(`${repository}:pr-7`, "of no build");
    for (let other = 0; other < 30; other++) registries.push(`${repository}:${other}`, String(other));
    await take();
    assert.equal(registries.tags(repository)["pr-7"], digest);
    assert.match(String(registries.said), /stays: it is the only tag of sha256:/);
    assert.deepEqual(registries.writes, []);
  });

  it("stays where all others of its image are taken away at the same time", async () => {
    digest = registries.push(`${repository}:pr-7`, "of no build");
    for (const tag of ["one", "two"]) registries.tag(`${repository}:${tag}`, digest);
    await Promise.all(["pr-7", "one", "two"].map(take));
    assert.deepEqual(tags(), ["two"]);
    assert.equal(registries.said.length, 1);
  });

  it("is an error where a registry deletes the image with a tag that was not its only one", async () => {
    registries.deletes = "tag with its image";
    await assert.rejects(take(), /its registry deleted sha256:\w+ with the tag pr-7, though other tags named it/);
  });
});
