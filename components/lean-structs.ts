/** A value of JSON. */
export type Plain = null | number | string | boolean | Plain[] | { [key: string]: Plain };

type PlainFields = Record<string, Plain>;

/** What is used here of google-protobuf's reader. */
interface Reader {
  nextField(): boolean;
  getFieldNumber(): number;
  skipField(): void;
  readDouble(): number;
  readString(): string;
  readBool(): boolean;
  readMessage<T>(into: T, read: (into: T, reader: Reader) => void): void;
}

/** And of its writer. */
interface Writer {
  writeEnum(field: number, value: number): void;
  writeDouble(field: number, value: number): void;
  writeString(field: number, value: string): void;
  writeBool(field: number, value: boolean): void;
  writeMessage<T>(field: number, value: T, write: (value: T, writer: Writer) => void): void;
}

/** google.protobuf.Struct as google-protobuf generates it. */
export interface StructClass {
  new (): StructMessage;
  fromJavaScript(fields: PlainFields): StructMessage;
  deserializeBinaryFromReader(message: StructMessage, reader: Reader): StructMessage;
  serializeBinaryToWriter(message: StructMessage, writer: Writer): void;
  readonly prototype: StructMessage;
}

interface StructMessage {
  toJavaScript(): PlainFields;
  getFieldsMap(leaveOut?: boolean): ValueMap;
}

interface ValueMap {
  set(key: string, value: unknown): void;
  forEach(each: (value: unknown, key: string) => void): void;
}

/**
 * Has plain data go straight between its object and its bytes. google-protobuf makes a message, an array and a map of each value on the way,
 * which takes five times as long; a whole state comes that way, and each resource goes and comes. Who asks for the map gets one.
 *
 * The fields' numbers are those of google/protobuf/struct.proto: https://protobuf.dev/reference/protobuf/google.protobuf/#struct.
 */
export function leanStructs(Struct: StructClass): void {
  const plain = new WeakMap<StructMessage, PlainFields>();
  const { fromJavaScript, serializeBinaryToWriter } = Struct;
  const { toJavaScript, getFieldsMap } = Struct.prototype;

  Struct.fromJavaScript = (fields) => {
    const message = new Struct();
    plain.set(message, fields);
    return message;
  };
  Struct.deserializeBinaryFromReader = (message, reader) => {
    const fields: PlainFields = {};
    readFields(fields, reader);
    plain.set(message, fields);
    return message;
  };
  Struct.serializeBinaryToWriter = (message, writer) => {
    const fields = plain.get(message);
    if (fields) writeFields(fields, writer);
    else serializeBinaryToWriter(message, writer);
  };
  Struct.prototype.toJavaScript = function () {
    return plain.get(this) ?? toJavaScript.call(this);
  };
  Struct.prototype.getFieldsMap = function (leaveOut) {
    const fields = plain.get(this);
    if (!fields) return getFieldsMap.call(this, leaveOut);
    plain.delete(this);
    const map = getFieldsMap.call(this);
    fromJavaScript(fields)
      .getFieldsMap()
      .forEach((value, key) => {
        map.set(key, value);
      });
    return map;
  };
}

function readFields(fields: PlainFields, reader: Reader): void {
  while (reader.nextField()) reader.readMessage(fields, readField);
}

function readField(fields: PlainFields, reader: Reader): void {
  let key = "";
  const read: Read = { value: null };
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) key = reader.readString();
    else reader.readMessage(read, readValue);
  }
  fields[key] = read.value;
}

interface Read {
  value: Plain;
}

function readValue(read: Read, reader: Reader): void {
  while (reader.nextField()) {
    const kind = reader.getFieldNumber();
    if (kind === 2) read.value = reader.readDouble();
    else if (kind === 3) read.value = reader.readString();
    else if (kind === 4) read.value = reader.readBool();
    else if (kind === 5) {
      const fields: PlainFields = {};
      reader.readMessage(fields, readFields);
      read.value = fields;
    } else if (kind === 6) {
      const values: Plain[] = [];
      reader.readMessage(values, readValues);
      read.value = values;
    } else reader.skipField();
  }
}

function readValues(values: Plain[], reader: Reader): void {
  while (reader.nextField()) {
    const read: Read = { value: null };
    reader.readMessage(read, readValue);
    values.push(read.value);
  }
}

function writeFields(fields: PlainFields, writer: Writer): void {
  for (const key in fields) writer.writeMessage(1, [key, fields[key] as Plain] as const, writeField);
}

function writeField([key, value]: readonly [string, Plain], writer: Writer): void {
  writer.writeString(1, key);
  // Not the value itself, since a null would not be written.
  writer.writeMessage(2, { value }, writeValue);
}

/** @throws Error where it is no value of JSON, as google-protobuf does */
function writeValue({ value }: Read, writer: Writer): void {
  if (value === null) writer.writeEnum(1, 0);
  else if (typeof value === "number") writer.writeDouble(2, value);
  else if (typeof value === "string") writer.writeString(3, value);
  else if (typeof value === "boolean") writer.writeBool(4, value);
  else if (Array.isArray(value)) writer.writeMessage(6, value, writeValues);
  else if (typeof value === "object") writer.writeMessage(5, value, writeFields);
  else throw new Error(`a value of JSON was expected, and not ${typeof value}`);
}

function writeValues(values: readonly Plain[], writer: Writer): void {
  for (const value of values) writer.writeMessage(1, { value }, writeValue);
}
