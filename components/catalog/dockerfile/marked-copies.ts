import { readLines } from "./lines";

/**
 * A Dockerfile of an image whose times are constant, with a flag on each COPY that leaves out a file which nobody has.
 *
 * BuildKit (0.31) knows a copy by the contents of what it copies, of which times are no part, and takes one that it has made before, on the
 * same builder or in a cache: with the times that the files had then, and as it was compressed then. With the flag it takes none
 * but those of the same mark.
 *
 * @param text in its normal form
 * @param mark letters and digits
 */
export function markedCopies(text: string, mark: string): string {
  const lines = text.split("\n");
  for (const { keyword, line } of readLines(text, "Dockerfile", () => {}).instructions) {
    if (keyword !== "COPY") continue;
    lines[line - 1] = lines[line - 1]?.replace(/^\s*COPY/i, `$& --exclude=.constant-timestamps-${mark}`) ?? "";
  }
  return lines.join("\n");
}
