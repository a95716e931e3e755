import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DockerfileReading, readDockerfile } from "../../components/catalog/dockerfile/reading";
import { InputError } from "../../components/catalog/input-error";
import { fullName, readShapes, type Shape, withShape } from "../components/catalog/shapes";
import { Oracle } from "./oracle";

/** BuildKit's own here. */
const builder = "linux/amd64";

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

  let compared = 0;
  for (const shape of readShapes()) {
    it(`resolves images and runs commands on the platforms that the catalog knows, built for another: ${shape.slug}`, async () => {
      await withShape(shape, async (image) => {
        const file = join(image, "Dockerfile");
        const reading = readFor("linux/arm64", shape, file);
        const answer = await oracle.ask({
          dockerfile: file,
          context: image,
          platform: "linux/arm64",
          ...(shape.arguments ? { arguments: shape.arguments } : {}),
        });
        if (reading === undefined || answer.error !== undefined) return;
        compared++;
        const needed = reading.images.map(({ name, platforms, ofBuilder }) => [
          fullName(name),
          [...new Set([...platforms, ...(ofBuilder ? [builder] : [])])].sort(),
        ]);
        assert.deepEqual(answer.platforms, Object.fromEntries(needed));
        const foreign = (platforms: readonly string[]) => platforms.filter((platform) => platform !== builder);
        assert.deepEqual(foreign(answer.commands), foreign(reading.commandPlatforms));
      });
    });
  }

  it("was asked for the platforms of most shapes", function () {
    if (compared === 0) this.skip(); // --grep chose others
    assert.ok(compared > 100, `${compared}`);
  });
});

/** Undefined for a Dockerfile that the catalog refuses. */
function readFor(platform: string, shape: Shape, file: string): DockerfileReading | undefined {
  try {
    return readDockerfile(readFileSync(file, "utf8"), file, {
      arguments: { ...shape.arguments },
      platforms: [platform],
      triggersOf: () => [],
    });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
