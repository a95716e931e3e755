import type { Catalog } from "../catalog";
import type { Packages } from "./packages";
import type { Resolution } from "./resolution";

/** What is pinned, beside what it would be pinned to now. This is what `strata pins --json` prints. */
export interface Pin {
  readonly kind: "upstream" | "package";
  /** Where it is pinned: `upstreams.yaml`, `images/base/packages.lock`. */
  readonly file: string;
  /** `debian:trixie-slim`, `openssl` */
  readonly name: string;
  /** A digest or a version; null for a package that is to be pinned. */
  readonly pin: string | null;
  /** Null for what is no longer needed or no longer there, and for what could not be asked. */
  readonly now: string | null;
  /**
   * `new` is to be pinned; `gone` is a package that is no longer needed, or a tag that its registry no longer has; `unknown` could
   * not be asked.
   */
  readonly state: "same" | "moved" | "new" | "gone" | "unknown";
  /** Whether `now` comes from the archive's security suite. */
  readonly security: boolean;
  /** Whether the archive no longer has what is pinned, so that only caches can still build it. */
  readonly dropped: boolean;
  /** The layers that a change would build, in the order of building. */
  readonly layers: readonly string[];
}

/** An upstream's tag as its registry has it now. */
export type PresentDigest = { readonly digest: string } | { readonly gone: true } | { readonly unknown: string };

/** @param present of the pin's tag */
export function comparePin(
  file: string,
  name: string,
  pin: string,
  present: PresentDigest,
  layers: readonly string[],
): Pin {
  const common = { kind: "upstream", file, name, pin, security: false, dropped: false, layers } as const;
  if ("unknown" in present) return { ...common, now: null, state: "unknown" };
  if ("gone" in present) return { ...common, now: null, state: "gone" };
  return { ...common, now: present.digest, state: present.digest === pin ? "same" : "moved" };
}

/**
 * The pins of a lock beside what an install would add now, by name.
 *
 * @param lock undefined for one that is missing or cannot be read
 */
export function compareLock(
  file: string,
  lock: Packages | undefined,
  { packages, available }: Resolution,
  layers: readonly string[],
): Pin[] {
  const resolved = new Map(packages.map((found) => [found.name, found]));
  const names = [...new Set([...(lock?.keys() ?? []), ...resolved.keys()])].sort();
  return names.map((name) => {
    const pin = lock?.get(name) ?? null;
    const { version: now = null, security = false } = resolved.get(name) ?? {};
    const state = pin === null ? "new" : now === null ? "gone" : pin === now ? "same" : "moved";
    return {
      kind: "package",
      file,
      name,
      pin,
      now,
      state,
      security: security && state !== "same",
      dropped: state === "moved" && !available.has(`${name}=${pin}`),
      layers,
    };
  });
}

/** Those layers and all above them, in the order of building. */
export function layersFrom(catalog: Catalog, changed: (layer: Catalog[number]) => boolean): string[] {
  const affected = new Set<string>();
  for (const layer of catalog) {
    if (changed(layer) || layer.layers.some((parent) => affected.has(parent))) affected.add(layer.name);
  }
  return [...affected];
}
