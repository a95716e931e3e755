import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { addedLayers, addedSize, imageLayers, imagePlatforms, imageSize, mostAdded } from "../../components/image";
import { withTools } from "./fake-tool";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const ref = `r.example/x@${digest("0")}`;

interface Descriptor {
  readonly digest: string;
  readonly size?: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

const index = (...manifests: Descriptor[]) => ({ manifests });
const linux = (letter: string, architecture: string, variant?: string): Descriptor => ({
  digest: digest(letter),
  platform: { os: "linux", architecture, ...(variant ? { variant } : {}) },
});
const manifest = (...layers: [string, number][]) => ({
  config: { digest: digest("c"), size: 1 },
  layers: layers.map(([letter, size]) => ({ digest: digest(letter), size })),
});
const attested: Descriptor = { digest: digest("e"), platform: { os: "unknown", architecture: "unknown" } };

/** A regctl that has these manifests and blobs, by the letter of their digests, and fails for others as regctl 0.11 does. */
function regctl(manifests: Record<string, unknown>, blobs: Record<string, unknown> = {}): string {
  const branch = (call: string, value: unknown) => `"${call}") printf '%s' '${JSON.stringify(value)}' ;;`;
  return [
    'echo "$*" >> "$CALLS"',
    'case "$*" in',
    ...Object.entries(manifests).map(([letter, value]) =>
      branch(`manifest get r.example/x@${digest(letter)} --format raw-body`, value),
    ),
    ...Object.entries(blobs).map(([letter, value]) => branch(`blob get r.example/x ${digest(letter)}`, value)),
    '*) echo "failed to get manifest: request failed: not found [http 404]: {}" >&2; exit 1 ;;',
    "esac",
  ].join("\n");
}

function callsIn({ CALLS }: { CALLS: string }): number {
  return existsSync(CALLS) ? readFileSync(CALLS, "utf8").trim().split("\n").length : 0;
}

describe("an image in a registry", () => {
  const platforms: [string, string, readonly string[] | undefined][] = [
    [
      "those of its index, without what was attested",
      regctl({ 0: index(linux("1", "arm64", "v8"), linux("2", "amd64"), attested, linux("3", "arm", "v7")) }),
      ["linux/amd64", "linux/arm/v7", "linux/arm64"],
    ],
    [
      "that of its one manifest",
      regctl({ 0: manifest() }, { c: { os: "linux", architecture: "arm64", variant: "v8" } }),
      ["linux/arm64"],
    ],
    [
      "that of a manifest whose index does not say",
      regctl({ 0: index({ digest: digest("1") }), 1: manifest() }, { c: { os: "linux", architecture: "amd64" } }),
      ["linux/amd64"],
    ],
    ["unknown where it is not there", regctl({}), undefined],
    ["unknown where it is no image", regctl({ 0: { layers: "none" } }), undefined],
    ["unknown where what comes is no JSON", "echo '<html>'", undefined],
    ["unknown where its configuration is not there", regctl({ 0: manifest() }), undefined],
    ["unknown where credentials are refused", "echo 'request failed: unauthorized [http 401]' >&2; exit 1", undefined],
    [
      "unknown where the registry is down",
      "echo 'dial tcp 127.0.0.1:1: connect: connection refused' >&2; exit 1",
      undefined,
    ],
  ];
  for (const [what, script, expected] of platforms) {
    it(`has platforms: ${what}`, async () => {
      await withTools({ regctl: script }, async (env) => assert.deepEqual(await imagePlatforms(ref, env), expected));
    });
  }

  it("has unknown platforms where there is no regctl", async () => {
    await withTools({}, async (env) => assert.equal(await imagePlatforms(ref, env), undefined));
  });

  it("is as large as the layers of all its platforms, each once", async () => {
    const script = regctl({
      0: index(linux("1", "amd64"), linux("2", "arm64"), attested),
      1: manifest(["a", 10], ["b", 5]),
      2: manifest(["a", 10], ["d", 7]),
    });
    await withTools({ regctl: script }, async (env) => assert.equal(await imageSize(ref, env), 22));
    const one = regctl({ 0: manifest(["a", 10], ["a", 10], ["b", 5]) });
    await withTools({ regctl: one }, async (env) => assert.equal(await imageSize(ref, env), 15));
  });

  describe("that stands on another one", () => {
    const base = `r.example/x@${digest("b")}`;
    const images = {
      0: index(linux("1", "amd64"), linux("2", "arm64"), attested),
      1: manifest(["a", 10], ["d", 5], ["f", 6], ["f", 6]),
      2: manifest(["e", 10], ["d", 5], ["8", 7]),
      b: index(linux("3", "amd64"), linux("4", "arm64")),
      3: manifest(["a", 10]),
      4: manifest(["e", 10]),
    };
    const history = [{ created_by: "FROM" }, { created_by: "ENV A=1", empty_layer: true }, { created_by: "RUN make" }];

    it("adds what the other has not, each layer once, of the platform on which that is most", async () => {
      await withTools({ regctl: regctl(images) }, async (env) => {
        const [image = [], beneath = []] = [await imageLayers(ref, env), await imageLayers(base, env)];
        assert.equal(mostAdded(image, beneath), 12);
        assert.equal(mostAdded(beneath, beneath), 0);
        assert.equal(mostAdded(image, []), 22, "all, on scratch");
        assert.equal(addedSize(image, beneath), 18, "of both platforms");
        assert.equal(addedSize(image, [...beneath, [{ digest: digest("d"), size: 5 }]]), 13);
      });
    });

    it("tells what made each of its layers", async () => {
      const script = regctl({ 0: manifest(["a", 10], ["d", 5]), b: manifest(["a", 10]) }, { c: { history } });
      await withTools({ regctl: script }, async (env) => {
        assert.deepEqual(await addedLayers(ref, base, { steps: true, env }), [
          { digest: digest("d"), size: 5, step: "RUN make" },
        ]);
      });
    });

    it("adds what is not known where one of the two is not there", async () => {
      await withTools({ regctl: regctl({ b: manifest() }) }, async (env) => {
        assert.equal(await addedLayers(ref, base, { env }), undefined);
        assert.equal(await addedLayers(base, ref, { env }), undefined);
        assert.equal(await imageLayers(ref, env), undefined);
      });
    });
  });

  it("has no size where it is not there", async () => {
    await withTools({ regctl: regctl({}) }, async (env) => {
      assert.equal(await imageSize(ref, env), undefined);
      assert.equal(callsIn(env), 1);
    });
  });

  const failures: [string, string, RegExp, number][] = [
    ["credentials are refused", "echo 'unauthorized [http 401]' >&2; exit 1", /could not be asked: unauthorized/, 1],
    ["the registry is down", "echo 'connect: connection refused' >&2; exit 1", /could not be asked: connect: /, 1],
    ["it is overloaded", "echo 'failed [http 503]' >&2; exit 1", /could not be asked: failed \[http 503\]/, 3],
    ["the connection breaks", "echo 'read: connection reset by peer' >&2; exit 1", /reset by peer/, 3],
    ["what comes is no JSON", "echo '<html>'", /r\.example\/x@\S+: what the registry has there is no image/, 1],
    ["what comes is no manifest", `echo '{"layers":[1]}'`, /is no image/, 1],
  ];
  for (const [what, script, message, calls] of failures) {
    it(`says that its size cannot be told where ${what}, after ${calls === 1 ? "one try" : `${calls} tries`}`, async () => {
      await withTools({ regctl: `echo "$*" >> "$CALLS"\n${script}` }, async (env) => {
        await assert.rejects(imageSize(ref, env), { name: "RegistryError", message });
        assert.equal(callsIn(env), calls);
      });
    }).timeout(30_000);
  }

  it("is asked for again after a failure that passes", async () => {
    const fails = '[ -e "$CALLS" ] || { echo 1 > "$CALLS"; echo "failed [http 502]" >&2; exit 1; }';
    await withTools({ regctl: `${fails}\n${regctl({ 0: manifest(["a", 3]) })}` }, async (env) => {
      assert.equal(await imageSize(ref, env), 3);
    });
  });
});
