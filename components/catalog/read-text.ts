import { readFileSync } from "node:fs";
import { InputError } from "./input-error";

/** @throws InputError for what cannot be read, and for bytes that are no UTF-8, which would be built as other bytes */
export function readText(file: string): string {
  const text = readTextIfThere(file);
  if (text === undefined) throw new InputError(file, "there is no such file");
  return text;
}

/** Undefined where there is no such file. */
export function readTextIfThere(file: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new InputError(file, code === "EISDIR" ? "is a folder; a file is expected" : `cannot be read (${code})`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(file, "is not UTF-8; save it as such");
  }
}
