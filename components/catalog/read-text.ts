import { disk, type FileSystem } from "./file-system";
import { InputError } from "./input-error";

/** @throws InputError for what cannot be read, and for bytes that are no UTF-8, which would be built as other bytes */
export function readText(file: string, system: FileSystem = disk): string {
  const text = readTextIfThere(file, system);
  if (text === undefined) throw new InputError(file, "there is no such file");
  return text;
}

/** Undefined where there is no such file. */
export function readTextIfThere(file: string, system: FileSystem = disk): string | undefined {
  const bytes = system.read(file);
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(file, "is not UTF-8; save it as such");
  }
}
