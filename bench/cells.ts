import { bytesText } from "../tools/terminal";
import { contenders } from "./contenders/contenders";
import type { Measurements, Summary } from "./figures";
import { type ContenderId, contenderIds } from "./schedule";

/** A row for each contender that was measured, failures told. */
export function rowsOf(measured: Measurements, name: string, family: string, what: string): string[][] {
  return contenderIds.flatMap((id) => {
    const summary = measured.of(name, family, id, what);
    if (!isThere(summary)) return [];
    return [[nameOf(id), secondsCell(summary), trafficCell(summary), String(summary.images ?? "–")]];
  });
}

export function nameOf(id: ContenderId): string {
  return `(${id === "cz" ? "c, zstd" : id}) ${id === "cz" ? "bake" : contenders[id].title}`;
}

export function isThere({ runs, failures }: Summary): boolean {
  return runs + failures.length > 0;
}

export function secondsCell({ seconds, runs, failures }: Summary): string {
  if (seconds === undefined) return failures.length > 0 ? "failed" : "–";
  const of = failures.length > 0 ? ` (${runs}, ${failures.length} failed)` : runs === 3 ? "" : ` (${runs})`;
  return `${seconds < 100 ? seconds.toFixed(1) : Math.round(seconds)}${of}`;
}

export function trafficCell({ pulledBytes, pushedBytes }: Summary): string {
  return pulledBytes === undefined ? "–" : `${bytesText(pulledBytes)} / ${bytesText(pushedBytes ?? 0)}`;
}

export function bytesOr(bytes: number | undefined): string {
  return bytes === undefined ? "–" : bytesText(bytes);
}

export function percent(share: number | undefined): string {
  return share === undefined ? "–" : `${(share * 100).toFixed(1)} %`;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
