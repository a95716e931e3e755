import assert from "node:assert/strict";
import { bytesOf, megabytesOf } from "../../components/catalog/size";
import { checkSize } from "../../components/size-budget";

const layer = { name: "app", base: "base", dockerfilePath: "images/app/Dockerfile", sizeBudget: "1.5 MB" };
const noneAsked = () => Promise.reject(new Error("not to be asked"));

describe("a size budget", () => {
  it("has decimal units", () => {
    assert.deepEqual(["1 kB", "550 MB", "1.5GB"].map(bytesOf), [1e3, 55e7, 15e8]);
    assert.deepEqual([123, 1.26e6, 2e9].map(megabytesOf), ["0.000 MB", "1.3 MB", "2000.0 MB"]);
  });

  it("is kept by what adds no more, and by what has none", async () => {
    assert.equal(await checkSize(layer, 15e5, noneAsked), undefined);
    assert.equal(await checkSize({ ...layer, sizeBudget: undefined }, 9e9, noneAsked), undefined);
    assert.equal(await checkSize(layer, undefined, noneAsked), undefined);
  });

  it("that is exceeded is told with the sizes, and the biggest layers with what made them", async () => {
    const biggest = [1e6, 2e6, 3e6, 4e6].map((size, index) => ({ digest: "", size, step: `RUN make ${index}` }));
    const problem = await checkSize(layer, 1e7, async () => [...biggest, { digest: "", size: 5e6 }]);
    assert.equal(
      problem?.message,
      `images/app/image.yaml: sizeBudget: app adds 10.0 MB to base, compressed, and may add 1.5 MB; make it smaller, or raise the budget
  5.0 MB  of a step that its history does not name
  4.0 MB  RUN make 3
  3.0 MB  RUN make 2`,
    );
  });

  it("that is exceeded is told also where the registry cannot be asked for more", async () => {
    const problem = await checkSize({ ...layer, base: undefined }, 2e6, () => Promise.reject(new Error("down")));
    assert.match(
      problem?.message ?? "",
      /app adds 2\.0 MB, compressed, and may add 1\.5 MB; make it smaller, or raise the budget$/,
    );
  });
});
