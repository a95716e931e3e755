import { readLines } from "./lines";

/**
 * A Dockerfile of an image whose times are constant, with a flag on each COPY that leaves out a file which nobody has.
 *
 * BuildKit (0.31) knows a copy by what it copies, of which times are no part, and takes one that it has made before, on the same builder or
 * in a cache: with the times that the files had then. With the flag it is another copy than that of any image whose times are rewritten.
 *
 * @param text in its normal form
 * @param rebuild as image.yaml has it; with a higher one all is copied anew
 */
export function markedCopies(text: string, rebuild: number): string {
  const lines = text.split("\n");
  for (const { keyword, line } of readLines(text, "Dockerfile", () => {}).instructions) {
    if (keyword !== "COPY") continue;
    lines[line - 1] = lines[line - 1]?.replace(/^\s*COPY/i, `$& --exclude=.constant-timestamps-${rebuild}`) ?? "";
  }
  return lines.join("\n");
}
