import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { commitImageSchema, differenceSchema, whySchema } from "../../../tools/why/shape";

const schemas = {
  "why.schema.json": whySchema,
  "difference.schema.json": differenceSchema,
  "commit.schema.json": commitImageSchema,
};

describe("the JSON of strata why", () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it(`is described by ${name}`, () => {
      const written = readFileSync(join(__dirname, "../../../tools/why", name), "utf8");
      assert.deepEqual(JSON.parse(written), JSON.parse(JSON.stringify(z.toJSONSchema(schema))));
    });
  }
});
