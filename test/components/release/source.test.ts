import assert from "node:assert/strict";
import { layersOf } from "../../../components/release/source";
import { withTools } from "../fake-tool";

describe("another stack's images, in another backend", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  const source = { stack: "dev", backend: "postgres://me:hidden@db.test/state", key: "strata:promoteFrom" };

  it("cannot be read where Pulumi says why, and no password is told", async () => {
    const script = `echo "error: could not open postgres://me:hidden@db.test/state: refused" >&2; exit 1`;
    await withTools({ pulumi: script }, async (env) => {
      process.env.PATH = env.PATH;
      await assert.rejects(layersOf(source), (error: Error) => {
        assert.equal(
          error.message,
          "strata:promoteFrom: the stack dev cannot be read in postgres://db.test/state: could not open postgres://db.test/state: refused",
        );
        return true;
      });
    });
  });
});
