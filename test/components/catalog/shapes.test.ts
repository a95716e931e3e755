import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildArguments } from "../../../components/catalog/build-arguments";
import { readDockerfile } from "../../../components/catalog/dockerfile/reading";
import { readIgnoreRules } from "../../../components/catalog/ignore-rules";
import { selectFiles } from "../../../components/catalog/selection";
import { Tree } from "../../../components/catalog/tree";
import { fullName, readShapes, type Shape, withShape } from "./shapes";

function read(shape: Shape, image: string): { parents: string[]; files: readonly string[] } {
  const file = join(image, "Dockerfile");
  const reading = readDockerfile(readFileSync(file, "utf8"), file, {
    arguments: { ...buildArguments, ...shape.arguments },
    platforms: ["linux/amd64"],
    triggersOf: () => [],
  });
  const { paths } = selectFiles(new Tree(image), reading.sources, readIgnoreRules(file, image));
  return { parents: reading.images.map(({ name }) => fullName(name)).sort(), files: paths };
}

describe("Dockerfiles of many shapes", () => {
  const shapes = readShapes();

  it("are at least sixty", () => {
    assert.ok(shapes.length >= 60, `${shapes.length}`);
  });

  for (const shape of shapes) {
    it(`have the parents and files that BuildKit reads: ${shape.slug}`, () => {
      withShape(shape, (image) => {
        if (shape.strata === "leaves it to BuildKit") {
          read(shape, image);
          return;
        }
        const expected = { ...shape.expected, ...shape.strata };
        if (!("error" in expected)) assert.deepEqual(read(shape, image), expected);
        else if (!shape.strata) assert.throws(() => read(shape, image), { name: "InputError" });
        else assert.throws(() => read(shape, image), { name: "InputError", message: new RegExp(expected.error) });
      });
    });
  }
});
