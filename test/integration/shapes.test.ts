import assert from "node:assert/strict";
import { join } from "node:path";
import { readShapes, withShape } from "../components/catalog/shapes";
import { Oracle } from "./oracle";

describe("BuildKit's own reader", () => {
  let oracle: Oracle;
  before(async () => {
    oracle = await Oracle.start();
  });
  after(() => oracle?.stop());

  for (const shape of readShapes()) {
    it(`agrees with what is expected of the shape ${shape.slug}`, async () => {
      const request = (image: string) => ({
        dockerfile: join(image, "Dockerfile"),
        context: image,
        ...(shape.arguments ? { arguments: shape.arguments } : {}),
      });
      const { parents, files, error } = await withShape(shape, (image) => oracle.ask(request(image)));
      if ("error" in shape.expected) assert.ok(error?.includes(shape.expected.error), error);
      else
        assert.deepEqual(
          { parents, files: files?.map(({ path }) => path), error },
          { ...shape.expected, error: undefined },
        );
    });
  }
});
