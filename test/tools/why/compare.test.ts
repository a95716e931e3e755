import assert from "node:assert/strict";
import { compareImages } from "../../../tools/why/compare";
import { flat, type Image } from "../../../tools/why/image";

const layer = (letter: string) => ({
  digest: `sha256:${letter.repeat(64)}`,
  size: 1,
  mediaType: "x",
  step: `STEP ${letter}`,
});
const image = (change: Partial<Image>): Image => ({
  platform: "linux/amd64",
  config: {},
  steps: [],
  layers: [],
  ...change,
});

describe("two images", () => {
  it("differ by what they are started with", () => {
    const first = image({ config: { User: "0", "Env.PATH": "/bin", "Labels.a": "1" } });
    const second = image({ config: { User: "1000", "Env.PATH": "/bin", Entrypoint: '["/run"]' } });
    assert.deepEqual(compareImages(first, second).config, [
      { key: "Entrypoint", before: null, after: '["/run"]' },
      { key: "Labels.a", before: "1", after: null },
      { key: "User", before: "0", after: "1000" },
    ]);
  });

  it("differ by steps, of which one may have the same twice", () => {
    const { steps } = compareImages(image({ steps: ["A", "B", "C"] }), image({ steps: ["A", "C", "C", "D"] }));
    assert.deepEqual(steps, [
      { in: "first", step: "B" },
      { in: "second", step: "C" },
      { in: "second", step: "D" },
    ]);
  });

  it("share layers, wherever they lie", () => {
    const { layers } = compareImages(
      image({ layers: [layer("a"), layer("b")] }),
      image({ layers: [layer("c"), layer("a")] }),
    );
    assert.deepEqual(
      layers.map(({ digest, in: where }) => [digest.at(-1), where]),
      [
        ["a", "both"],
        ["b", "first"],
        ["c", "second"],
      ],
    );
  });

  it("are the same", () => {
    const one = image({ config: { User: "0" }, steps: ["A"], layers: [layer("a")] });
    const { config, steps, layers } = compareImages(one, one);
    assert.deepEqual([config, steps, layers.map((shared) => shared.in)], [[], [], ["both"]]);
  });
});

describe("what an image is started with", () => {
  it("is compared key by key", () => {
    const config = {
      Env: ["A=1", "B=x=y", "C="],
      Labels: { "org.a": "b" },
      Cmd: ["sh"],
      ExposedPorts: { "80/tcp": {} },
      Healthcheck: { Interval: 5 },
      User: "",
      Volumes: null,
    };
    assert.deepEqual(flat(config), {
      "Env.A": "1",
      "Env.B": "x=y",
      "Env.C": "",
      "Labels.org.a": "b",
      Cmd: '["sh"]',
      "ExposedPorts.80/tcp": "{}",
      "Healthcheck.Interval": "5",
      User: "",
    });
  });
});
