import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { buildsAtOnce } from "./builds-at-once";
import type { TestChoice } from "./catalog/image-tests";
import { InputError } from "./catalog/input-error";
import { reservedLabels } from "./catalog/labels";
import { platform } from "./catalog/platform";
import { localStack } from "./local-stack";
import type { Hold } from "./release/hold";
import { checkTemplates, checkVersion, namesVersions, pullRequestOf } from "./release/tags";

/** What a stack is told by its configuration; Pulumi.yaml describes each key but `secrets`, of which docs/guide/secrets.md tells. */
export interface Settings {
  readonly registry: string;
  readonly organisation: string;
  /** A template for the repositories of layers; see `placeOf`. */
  readonly repository: string;
  /** Of a stack that promotes, which builds nothing, it may be empty. */
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
  /** The stack whose images this one takes over; it then builds none. */
  readonly promoteFrom: string | undefined;
  /** The stack whose images this one uses where they are the very ones that it would build. */
  readonly reuseFrom: string | undefined;
  /** Where the state of that other stack is; undefined for where this one's is. @example "s3://acme-states" */
  readonly fromBackend: string | undefined;
  /** Templates of the tags that people pull; see `tagsOf`. */
  readonly releaseTags: readonly string[];
  /** By layer the version that its image of now gets. */
  readonly versions: Readonly<Record<string, string>>;
  /** By layer what it is held at. */
  readonly hold: Readonly<Record<string, Hold>>;
  /** Whether release tags stay where they are when the stack is destroyed. */
  readonly keepTags: boolean;
}

/** A repository's path: what the OCI distribution specification allows. */
const repositoryPath = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

const stackName = z.string().regex(/^[A-Za-z0-9._/-]+$/, "expected the name of a stack: dev, acme/images/dev");

/** In the SDK, but not in its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

const numberOfBuilds = "expected a number of builds; 0 for as many as this machine has processors, 2 to 8";

const schema = z.object({
  registry: z
    .string()
    .regex(/^[A-Za-z0-9.-]+(:\d+)?$/, "expected a host, with a port where it needs one: ghcr.io, localhost:5443"),
  organisation: z
    .string()
    .regex(repositoryPath, "expected lower-case letters, digits and separators: acme, acme/images"),
  repository: z.string().min(1),
  builder: z.string(),
  images: z.string().min(1),
  upstreams: z.string().min(1),
  platforms: z.array(platform).min(1),
  compression: z.enum(["zstd", "gzip"]),
  parallel: z
    .int(numberOfBuilds)
    .min(0, numberOfBuilds)
    .transform((configured) => buildsAtOnce(configured)),
  timeout: z.string().regex(/^(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?$/, "expected a time such as 90s, 30m or 1h30m"),
  tests: z.enum(["none", "quick", "all"]),
  labels: z.record(z.string(), z.string("expected text")).superRefine((labels, context) => {
    const reserved = Object.keys(labels).filter((key) => reservedLabels.includes(key));
    if (reserved.length === 0) return;
    const why = "is Strata's own, or would change where nothing else does";
    context.addIssue({ code: "custom", message: `${reserved.join(", ")} ${why}; remove it` });
  }),
  standIns: z.string().min(1).optional(),
  promoteFrom: stackName.optional(),
  reuseFrom: stackName.optional(),
  fromBackend: z.string().optional(),
  releaseTags: z.array(z.string("expected text; put it in quotes")),
  versions: z.record(z.string(), z.string("expected a version in quotes: '1.2.3'")),
  hold: z.record(
    z.string(),
    z.union([z.boolean(), z.string().min(1)], "expected true, false, a version or a digest (sha256:…)"),
  ),
  onDestroy: z.enum(["keep", "untag"]).optional(),
});

/** Reads the configuration once; nothing else does. @throws InputError naming the key */
export function readSettings(config: pulumi.Config, stack: string): Settings {
  const result = schema.safeParse({
    registry: config.require("registry"),
    organisation: config.require("organisation"),
    repository: config.require("repository"),
    builder: config.get("builder") ?? "",
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
    promoteFrom: config.get("promoteFrom") || undefined,
    reuseFrom: config.get("reuseFrom") || undefined,
    fromBackend: config.get("fromBackend") || undefined,
    releaseTags: config.getObject("releaseTags") ?? [],
    versions: config.getObject("versions") ?? {},
    hold: config.getObject("hold") ?? {},
    onDestroy: config.get("onDestroy") || undefined,
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
  const { onDestroy = pullRequestOf(stack) === undefined ? "keep" : "untag", ...data } = result.data;
  const { promoteFrom, reuseFrom, fromBackend } = data;
  const source = { promoteFrom, reuseFrom, fromBackend };
  // Copied from the stack whose images a pull request changes: its versions are that stack's.
  if (pullRequestOf(stack) !== undefined) data.versions = {};
  const settings = { ...data, ...source, standIns, keepTags: onDestroy === "keep", secrets: readSecrets(config) };
  checkRelease(settings, stack);
  return settings;
}

/** @throws InputError for keys that do not go together */
function checkRelease(settings: Settings, stack: string): void {
  const { builder, promoteFrom, reuseFrom, fromBackend, releaseTags, versions, hold } = settings;
  const source = promoteFrom ?? reuseFrom;
  if (builder === "" && promoteFrom === undefined) {
    throw new InputError("strata:builder", "expected the name of a buildx builder (docker buildx ls)");
  }
  if (promoteFrom !== undefined && reuseFrom !== undefined) {
    throw new InputError("strata:reuseFrom", "a stack that promotes builds nothing; remove it, or strata:promoteFrom");
  }
  if (source !== undefined && fromBackend === undefined && source === stack) {
    throw new InputError(promoteFrom ? "strata:promoteFrom" : "strata:reuseFrom", "names this stack; name another one");
  }
  if (source === undefined && fromBackend !== undefined) {
    throw new InputError(
      "strata:fromBackend",
      "is of no use without strata:promoteFrom or strata:reuseFrom; remove it",
    );
  }
  checkTemplates(releaseTags, stack);
  const own = promoteFrom === undefined ? undefined : releaseTags.find((template) => /\{(?:branch|n)\}/.test(template));
  if (own !== undefined) {
    throw new InputError(
      "strata:releaseTags",
      `"${own}" is made of what is checked out, and this stack takes over what was built elsewhere; {commit}, {sha} and {version} come with the image`,
    );
  }
  for (const [layer, version] of Object.entries(versions)) checkVersion(version, layer);
  if (Object.keys(versions).length > 0 && !namesVersions(releaseTags)) {
    throw new InputError(
      "strata:versions",
      `no release tag is made of a version; add one: pulumi config set --path 'strata:releaseTags[${releaseTags.length}]' '{version}'`,
    );
  }
  if (Object.keys(hold).length > 0 && promoteFrom === undefined) {
    throw new InputError(
      "strata:hold",
      `the stack "${stack}" builds its images, and only one that promotes can hold them; to go back here, revert the commit`,
    );
  }
}

/** Their ids must be known at once, for telling which is missing before anything is planned; their values stay secret. */
function readSecrets(config: pulumi.Config): Record<string, pulumi.Output<string>> {
  const key = "strata:secrets";
  const secrets = z.record(z.string(), z.string()).safeParse(config.getObject("secrets") ?? {});
  if (!secrets.success) {
    const issue = secrets.error.issues[0];
    throw new InputError(
      [key, ...(issue?.path ?? [])].join("."),
      "expected text; set it with: pulumi config set --secret --path 'strata:secrets[\"ID\"]'",
    );
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
