import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import fc from "fast-check";
import { leanStructs, type Plain, type StructClass } from "../../components/lean-structs";

const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));

/** google-protobuf's class, under a name of its own: each copy of the module would take the last one's for its own else. */
function structsNamed(name: string) {
  const file = sdk.resolve("google-protobuf/google/protobuf/struct_pb");
  const copy = new Module(file) as Module & { _compile(source: string, file: string): void };
  copy.paths = module.paths;
  copy._compile(readFileSync(file, "utf8").replaceAll("proto.google.", `${name}.google.`), file);
  return copy.exports as { Struct: StructClass & Generated };
}

interface Generated {
  deserializeBinary(bytes: Uint8Array): Message;
}

interface Message {
  serializeBinary(): Uint8Array;
  toJavaScript(): Plain;
  getFieldsMap(): { get(key: string): Message | undefined };
}

type Fields = Record<string, Plain>;

const theirs = structsNamed("theirs");
const ours = structsNamed("ours");
leanStructs(ours.Struct);

const bytesOf = ({ Struct }: typeof theirs, fields: Fields) =>
  (Struct.fromJavaScript(fields) as unknown as Message).serializeBinary();
const fieldsOf = ({ Struct }: typeof theirs, bytes: Uint8Array) => Struct.deserializeBinary(bytes).toJavaScript();

// An object's own key of this name is none to google-protobuf either.
const key = fc.string().filter((name) => name !== "__proto__");
const { value: anyValue } = fc.letrec<{ value: Plain; list: Plain[]; fields: Fields }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.double({ noNaN: true }),
    fc.string({ unit: "binary" }),
    fc.boolean(),
    tie("list"),
    tie("fields"),
  ),
  list: fc.array(tie("value")),
  fields: fc.dictionary(key, tie("value"), { noNullPrototype: true }),
}));
const anyFields = fc.dictionary(key, anyValue, { noNullPrototype: true });

describe("plain data on its way to the engine", () => {
  it("is written so that google-protobuf reads it, and read as google-protobuf writes it", () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const expected = fieldsOf(theirs, bytesOf(theirs, fields));
        assert.deepEqual(fieldsOf(theirs, bytesOf(ours, fields)), expected);
        assert.deepEqual(fieldsOf(ours, bytesOf(theirs, fields)), expected);
        assert.deepEqual(fieldsOf(ours, bytesOf(ours, fields)), expected);
      }),
    );
  });

  it("is a map to who asks for one, which is written as it is by then", () => {
    const message = ours.Struct.deserializeBinary(bytesOf(theirs, { state: { tags: ["a", null] }, id: "l0", urn: "" }));
    const map = message.getFieldsMap();
    assert.equal(map.get("id")?.toJavaScript(), "l0");
    assert.deepEqual(map.get("state")?.toJavaScript(), { tags: ["a", null] });
    (map as unknown as { del(key: string): void }).del("urn");
    assert.deepEqual(fieldsOf(theirs, message.serializeBinary()), { state: { tags: ["a", null] }, id: "l0" });
    assert.deepEqual(message.toJavaScript(), { state: { tags: ["a", null] }, id: "l0" });
  });

  it("is an error where it is no value of JSON", () => {
    const none = { name: undefined } as unknown as Fields;
    assert.throws(() => bytesOf(ours, none), /a value of JSON was expected, and not undefined/);
  });

  it("is empty where nothing is in it", () => {
    assert.deepEqual(fieldsOf(ours, new Uint8Array()), {});
    assert.deepEqual(fieldsOf(theirs, bytesOf(ours, {})), {});
    assert.equal(new ours.Struct().getFieldsMap(true), undefined);
  });
});
