import { z } from "zod";

/** A platform in its normal form (containerd/platforms). @example "linux/arm64" */
export const platform = z
  .string()
  .regex(
    /^(?:linux|windows|freebsd)\/(?:386|amd64|arm|arm64|loong64|mips64|mips64le|ppc64le|riscv64|s390x|aarch64|x86_64|i386|armhf|armel)(?:\/v\d)?$/,
    "expected os/architecture, such as linux/amd64 or linux/arm64",
  )
  // BuildKit takes the other names for the one: a plan would not know that they are the same.
  .refine((name) => (normalPlatform(name) ?? name) === name, {
    error: ({ input }) => `write ${normalPlatform(String(input))} for ${input}`,
  });

const otherArchitectures: Readonly<Record<string, string>> = {
  i386: "386",
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armhf: "arm/v7",
  armel: "arm/v6",
};

/** What an architecture without a variant means. */
const firstVariants: Readonly<Record<string, number>> = { amd64: 1, arm: 7, arm64: 8 };

/** Of arm the variant is always written, of the others never where it is the first. */
const normalVariants: Readonly<Record<string, string>> = {
  "amd64/v1": "amd64",
  arm: "arm/v7",
  "arm/5": "arm/v5",
  "arm/6": "arm/v6",
  "arm/7": "arm/v7",
  "arm/8": "arm/v8",
  "arm64/8": "arm64",
  "arm64/v8": "arm64",
  "arm64/v8.0": "arm64",
  "arm64/9": "arm64/v9",
  "arm64/9.0": "arm64/v9",
  "arm64/v9.0": "arm64/v9",
};

/**
 * A platform's normal form, under which BuildKit knows it: `linux/x86_64` → `linux/amd64`.
 *
 * @returns undefined for what is no platform, and for one that leaves its system or its architecture to the machine that reads it
 */
export function normalPlatform(text: string): string | undefined {
  const [, os, architecture = "", variant] =
    /^([a-z\d]+)\/([a-z\d_.-]+)(?:\/([a-z\d_.-]+))?$/.exec(text.toLowerCase()) ?? [];
  if (os === undefined) return undefined;
  const known = otherArchitectures[architecture] ?? architecture;
  // Another name that says the variant says it whatever is written behind.
  const name = variant === undefined || known.includes("/") || architecture === "i386" ? known : `${known}/${variant}`;
  return `${os === "macos" ? "darwin" : os}/${normalVariants[name] ?? name}`;
}

/**
 * Whether what is made for one platform runs as another one: the same system and architecture, and no newer variant. An
 * older architecture in the place of its successor (386 for amd64), which BuildKit takes without a word, does not.
 */
export function runsAs(made: string, wanted: string): boolean {
  const [madeKind, madeVariant] = taken(made);
  const [wantedKind, wantedVariant] = taken(wanted);
  return madeKind === wantedKind && madeVariant <= wantedVariant;
}

function taken(name: string): [string, number] {
  const [os, architecture = "", variant] = name.split("/");
  const version = Number.parseFloat(variant?.slice(1) ?? "");
  return [`${os}/${architecture}`, Number.isNaN(version) ? (firstVariants[architecture] ?? 0) : version];
}
