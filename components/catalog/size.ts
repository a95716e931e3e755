const units = { kB: 1e3, MB: 1e6, GB: 1e9 } as const;

/** @param size as image.yaml has it: `550 MB`. Units are decimal, as registries and disks have them. */
export function bytesOf(size: string): number {
  const [, number, unit] = /^([\d.]+) ?(kB|MB|GB)$/.exec(size) ?? [];
  return Math.round(Number(number) * units[unit as keyof typeof units]);
}

/** @example "12.3 MB" */
export function megabytesOf(bytes: number): string {
  return `${bytes < 1e5 ? (bytes / 1e6).toFixed(3) : (bytes / 1e6).toFixed(1)} MB`;
}
