import { z } from "zod";

/** Other names of an architecture, which BuildKit takes for the one: a plan would not know that they are the same. */
const otherNames: Readonly<Record<string, string>> = {
  "linux/aarch64": "linux/arm64",
  "linux/arm64/v8": "linux/arm64",
  "linux/x86_64": "linux/amd64",
  "linux/amd64/v1": "linux/amd64",
  "linux/i386": "linux/386",
  "linux/armhf": "linux/arm/v7",
  "linux/armel": "linux/arm/v6",
  "linux/arm": "linux/arm/v7",
};

/** A platform in its normal form (containerd/platforms). @example "linux/arm64" */
export const platform = z
  .string()
  .regex(
    /^(?:linux|windows|freebsd)\/(?:386|amd64|arm|arm64|loong64|mips64|mips64le|ppc64le|riscv64|s390x|aarch64|x86_64|i386|armhf|armel)(?:\/v\d)?$/,
    "expected os/architecture, such as linux/amd64 or linux/arm64",
  )
  .refine((name) => !Object.hasOwn(otherNames, name), {
    error: ({ input }) => `write ${otherNames[String(input)]} for ${input}`,
  });
