import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { InputError } from "./input-error";

/** Reads YAML of a known form. An empty text is an empty map. @throws InputError naming file, line and key */
export function readYaml<T>(file: string, text: string, schema: z.ZodType<T>): T {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [wrong] = document.errors;
  if (wrong) {
    // The message goes on with a picture of the place.
    const message = wrong.message.split("\n")[0]?.replace(/ at line .*$/, "");
    throw new InputError(`${file}:${lineCounter.linePos(wrong.pos[0]).line}`, `is no YAML: ${message}`);
  }
  const result = schema.safeParse(dataOf(document, file) ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] as string] : issue.path;
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  const line = node?.range ? `:${lineCounter.linePos(node.range[0]).line}` : "";
  const message = issue.code === "unrecognized_keys" ? `there is no such key${choiceOf(schema)}` : issue.message;
  throw new InputError(
    `${file}${line}`,
    path.length === 0 ? "expected keys with values" : `${path.join(".")}: ${message}`,
  );
}

function dataOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias without an anchor, or too many of them.
    throw new InputError(file, (error as Error).message);
  }
}

function choiceOf(schema: z.ZodType): string {
  const shape = (schema as { shape?: object }).shape;
  return shape ? `; keys are ${Object.keys(shape).join(", ")}` : "";
}
