import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { TestChoice } from "./catalog/image-tests";
import { InputError } from "./catalog/input-error";
import { reservedLabels } from "./catalog/labels";
import { platform } from "./catalog/platform";
import { localStack } from "./local-stack";

/** What a stack is told by its configuration; Pulumi.yaml describes each key. */
export interface Settings {
  readonly registry: string;
  readonly organisation: string;
  /** A template for the repositories of layers; see `placeOf`. */
  readonly repository: string;
  readonly builder: string;
  readonly images: string;
  readonly upstreams: string;
  readonly platforms: readonly string[];
  readonly compression: "zstd" | "gzip";
  /** How many builds may run at once. */
  readonly parallel: number;
  /** The longest that one may take. @example "1h30m" */
  readonly timeout: string;
  /** Which image tests an update runs. */
  readonly tests: TestChoice;
  /** Labels of every image, beside those that Strata gives. */
  readonly labels: Readonly<Record<string, string>>;
  /** For RUN --mount=type=secret: id → value. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** The file of the stand-ins; undefined on every stack but `local`, which are not allowed any. */
  readonly standIns: string | undefined;
}

/** A repository's path: what the OCI distribution specification allows. */
const repositoryPath = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** In the SDK, but not in its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

const schema = z.object({
  registry: z
    .string()
    .regex(/^[A-Za-z0-9.-]+(:\d+)?$/, "expected a host, with a port where it needs one: ghcr.io, localhost:5443"),
  organisation: z
    .string()
    .regex(repositoryPath, "expected lower-case letters, digits and separators: acme, acme/images"),
  repository: z.string().min(1),
  builder: z.string().min(1, "expected the name of a buildx builder (docker buildx ls)"),
  images: z.string().min(1),
  upstreams: z.string().min(1),
  platforms: z.array(platform).min(1),
  compression: z.enum(["zstd", "gzip"]),
  parallel: z.int("expected a number of builds, 1 or more").min(1),
  timeout: z.string().regex(/^(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?$/, "expected a time such as 90s, 30m or 1h30m"),
  tests: z.enum(["none", "quick", "all"]),
  labels: z.record(z.string(), z.string("expected text")).superRefine((labels, context) => {
    const reserved = Object.keys(labels).filter((key) => reservedLabels.includes(key));
    if (reserved.length === 0) return;
    const why = "is Strata's own, or would change where nothing else does";
    context.addIssue({ code: "custom", message: `${reserved.join(", ")} ${why}; remove it` });
  }),
  standIns: z.string().min(1).optional(),
});

/** Reads the configuration once; nothing else does. @throws InputError naming the key */
export function readSettings(config: pulumi.Config, stack: string): Settings {
  const result = schema.safeParse({
    registry: config.require("registry"),
    organisation: config.require("organisation"),
    repository: config.require("repository"),
    builder: config.require("builder"),
    images: config.require("images"),
    upstreams: config.require("upstreams"),
    platforms: config.requireObject("platforms"),
    compression: config.require("compression"),
    parallel: config.requireNumber("parallel"),
    timeout: config.require("timeout"),
    tests: config.require("tests"),
    labels: config.getObject("labels") ?? {},
    // Pulumi asks for a value of every key that has no default, so that none is an empty one.
    standIns: config.get("standIns") || undefined,
  });
  if (!result.success) {
    const issue = result.error.issues[0];
    const [key = "", ...within] = issue?.path.map(String) ?? [];
    const path = `strata:${key}${within.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `["${part}"]`)).join("")}`;
    throw new InputError(path, `${issue?.message}; change it with: pulumi config set --path '${path}' <value>`);
  }
  const { standIns } = result.data;
  if (standIns !== undefined && stack !== localStack) {
    throw new InputError(
      "strata:standIns",
      `only the stack "${localStack}" may build on stand-ins, and this is "${stack}"; remove the key from Pulumi.${stack}.yaml`,
    );
  }
  if (standIns !== undefined && !result.data.registry.startsWith("localhost:")) {
    throw new InputError(
      "strata:standIns",
      `images on stand-ins must not leave this machine, and the registry is ${result.data.registry}; remove the key with: pulumi config rm strata:standIns`,
    );
  }
  return { ...result.data, standIns, secrets: readSecrets(config) };
}

/** Their ids must be known at once, for telling which is missing before anything is planned; their values stay secret. */
function readSecrets(config: pulumi.Config): Record<string, pulumi.Output<string>> {
  const key = "strata:secrets";
  const secrets = z.record(z.string(), z.string()).safeParse(config.getObject("secrets") ?? {});
  if (!secrets.success) {
    const issue = secrets.error.issues[0];
    throw new InputError([key, ...(issue?.path ?? [])].join("."), "expected text");
  }
  const values = Object.entries(secrets.data);
  if (values.length > 0 && !isConfigSecret(key)) {
    throw new InputError(
      key,
      "is not encrypted; set each with: pulumi config set --secret --path 'strata:secrets[\"ID\"]'",
    );
  }
  return Object.fromEntries(values.map(([id, value]) => [id, pulumi.secret(value)]));
}
