import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Records, recordLines } from "../../bench/records";
import { measured } from "./measured";

describe("the benchmark's records", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "records-"));
    file = join(folder, "deep/results.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are there for the next run", () => {
    const one = measured({ seconds: 1.5 });
    const failed = measured({ round: 2, failed: "two\nlines" });
    const records = new Records(file);
    records.add(one);
    records.add(failed);
    assert.deepEqual(new Records(file).all, [one, failed]);
  });

  it("go on in a fresh clone from those of the last document, and from no document where there are some", () => {
    const published = join(folder, "runs.jsonl");
    const one = measured({ seconds: 1.5 });
    writeFileSync(published, recordLines([one]));
    assert.deepEqual(new Records(file, published).all, [one]);
    const records = new Records(file);
    records.drop(() => true);
    assert.deepEqual(new Records(file, published).all, []);
  });

  it("outlive a line that was written by half", () => {
    new Records(file).add(measured({ seconds: 1 }));
    appendFileSync(file, '{"case":"mix","fam');
    const records = new Records(file);
    assert.deepEqual(records.all, [measured({ seconds: 1 })]);
    records.add(measured({ seconds: 2, round: 2 }));
    assert.equal(new Records(file).all.length, 2);
  });

  it("can be forgotten in part", () => {
    const records = new Records(file);
    records.add(measured({ failed: "no network" }));
    records.add(measured({ round: 2, seconds: 2 }));
    records.drop(({ failed }) => failed !== undefined);
    assert.deepEqual(records.all, [measured({ round: 2, seconds: 2 })]);
    assert.deepEqual(new Records(file).all, records.all);
    assert.equal(readFileSync(file, "utf8").split("\n").length, 2);
  });
});
