import assert from "node:assert/strict";
import { RegistryError } from "../../../components/registry";
import { adoptedVersions, unknownPlaces } from "../../../components/release/adopted-versions";
import { FakeRegistries } from "./fake-registries";

const settings = {
  registry: "r.test",
  organisation: "acme",
  repository: "{registry}/{organisation}/{name}",
  releaseTags: ["latest", "{version}"],
};
const app = { repository: "r.test/acme/app", tagPrefix: "" };

describe("the layers whose versions a registry is asked for", () => {
  const given = { repository: "r.test/acme/app", tags: {}, immutable: [], versions: {} };
  const asked = (known: Partial<typeof given> | undefined, more: Partial<typeof settings> = {}) =>
    Object.keys(
      unknownPlaces(["app"], new Map(known ? [["app", { ...given, versions: undefined, ...known }]] : []), {
        ...settings,
        ...more,
      }),
    );

  it("are those that the state knows nothing of", () => {
    assert.deepEqual(unknownPlaces(["app"], new Map(), settings), { app });
    assert.deepEqual(asked({ versions: {} }), []);
  });

  it("are those that go to another repository", () => {
    assert.deepEqual(asked({ versions: {}, repository: "r.test/elsewhere/app" }), ["app"]);
  });

  it("are those that had tags, and no versions among them", () => assert.deepEqual(asked({}), ["app"]));

  it("are none where versions give no tags", () => assert.deepEqual(asked(undefined, { releaseTags: ["latest"] }), []));
});

describe("the versions that a registry has", () => {
  let registries: FakeRegistries;
  beforeEach(() => {
    registries = new FakeRegistries();
  });
  const adopted = async (place = app) => [...(await adoptedVersions({ app: place }, registries.ask))];

  it("are the semantic ones among a layer's tags", async () => {
    const one = registries.push(`${app.repository}:app-1.3.0`, "one");
    for (const tag of ["app-1", "app-latest", "app-blue", "1.4.0", "app-x-1.5.0"])
      registries.tag(`${app.repository}:${tag}`, one);
    assert.deepEqual(await adopted({ ...app, tagPrefix: "app-" }), [["app", { "1.3.0": one }]]);
  });

  it("must be known in an update, and are warned of in a preview", async () => {
    const ask = () => Promise.reject(new RegistryError("r.test/acme/app: the registry could not be asked: EOF"));
    await assert.rejects(adoptedVersions({ app }, ask, false), {
      name: "InputError",
      message:
        /^strata:releaseTags: which versions of app there are is not known.*: r\.test\/acme\/app: the registry could not be asked: EOF\. Run the update again when/,
    });
    assert.deepEqual([...(await adoptedVersions({ app }, ask, true))], [["app", {}]]);
  });

  it("are none in a repository that is not there", async () => assert.deepEqual(await adopted(), [["app", {}]]));
});
