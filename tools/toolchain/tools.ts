import { join, relative } from "node:path";
import { pulumiHome, root, toolsFolder } from "../home";

/** A program that Strata needs, and where it comes from. */
export interface Tool {
  readonly name: string;
  /** The version that is built; one on PATH with the same major version that is not older is used instead. */
  readonly version: string;
  /** Prints the version; undefined where the program cannot. */
  readonly versionArgs?: readonly string[];
  /** Of a program that cannot print its version: the one that it comes with. It is used where it lies beside that one. */
  readonly comesWith?: string;
  /** The Go package of its main function. */
  readonly package: string;
  /** The folder of the go.mod and go.sum that pin it. Dependencies conflict, so there is more than one. */
  readonly module: string;
  /** True for a Pulumi plugin: it lies in PULUMI_HOME, since Pulumi warns of each plugin that it finds on PATH. */
  readonly plugin?: boolean;
  /** What it is told with each start in this project, whoever starts it. */
  readonly flags?: readonly string[];
  /** The variable that the linker sets to the version. */
  readonly versionVariable?: string;
}

/** The folder that a tool is started from. */
export function folderOf(tool: Tool): string {
  if (!tool.plugin) return toolsFolder;
  const plugin = tool.name.replace("pulumi-resource-", "resource-");
  return join(pulumiHome, "plugins", `${plugin}-v${tool.version}`);
}

/** The folder that a tool is built into: behind the script that gives it its flags, where it has any. */
export function builtIn(tool: Tool): string {
  return tool.flags ? join(folderOf(tool), "behind") : folderOf(tool);
}

/** What gives a tool its flags, in this project and in copies of it; elsewhere it is started as it is. */
export function scriptOf(tool: Tool): string {
  const flags = (tool.flags ?? []).map((flag) => `'${flag}'`).join(" ");
  const file = join(relative(folderOf(tool), builtIn(tool)), tool.name);
  return [
    "#!/bin/sh",
    "# Written by tools/toolchain/install.ts.",
    `if [ -f ${compiler} ]; then set -- ${flags} "$@"; fi`,
    `exec "\${0%/*}/${file}" "$@"\n`,
  ].join("\n");
}

const main = join(root, "tools/toolchain");
const pulumiVersion = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** Compiles the program; other projects have none of it. */
export const compiler = "components/typescript.cjs";

/** What a plan needs. They are installed first, so that the first plan does not wait for the rest. */
export const planTools: readonly Tool[] = [
  {
    name: "pulumi",
    version: "3.259.0",
    versionArgs: ["version"],
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    module: main,
    versionVariable: pulumiVersion,
  },
  {
    // The host's own module is not served by module proxies; this older SDK still has it, and works with the newer CLI.
    name: "pulumi-language-nodejs",
    version: "3.68.0",
    comesWith: "pulumi",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    module: join(main, "language-host"),
    // The runtime's options in Pulumi.yaml, which the newer CLI tells in a way that this host does not know of.
    flags: ["-typescript=false", `-nodeargs=--require ./${compiler} --require ./components/lean-sdk.ts`],
    versionVariable: pulumiVersion,
  },
  {
    name: "pulumi-resource-docker-build",
    version: "0.0.22",
    package: "github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build",
    module: main,
    plugin: true,
    versionVariable: "github.com/pulumi/pulumi-docker-build/provider.Version",
  },
];

/** What building needs besides: the builder's client, the local builder and the local registry. */
export const serviceTools: readonly Tool[] = [
  {
    name: "buildkitd",
    version: "0.31.0",
    versionArgs: ["--version"],
    package: "github.com/moby/buildkit/cmd/buildkitd",
    module: main,
    versionVariable: "github.com/moby/buildkit/version.Version",
  },
  {
    name: "buildctl",
    version: "0.31.0",
    versionArgs: ["--version"],
    package: "github.com/moby/buildkit/cmd/buildctl",
    module: main,
    versionVariable: "github.com/moby/buildkit/version.Version",
  },
  {
    name: "registry",
    version: "3.1.2",
    versionArgs: ["--version"],
    package: "github.com/distribution/distribution/v3/cmd/registry",
    module: main,
    versionVariable: "github.com/distribution/distribution/v3/version.version",
  },
  {
    name: "buildx",
    version: "0.35.0",
    versionArgs: ["version"],
    package: "github.com/docker/buildx/cmd/buildx",
    module: main,
    versionVariable: "github.com/docker/buildx/version.Version",
  },
  {
    name: "regctl",
    version: "0.11.7",
    versionArgs: ["version"],
    package: "github.com/regclient/regclient/cmd/regctl",
    module: main,
  },
];

/**
 * Runs a build's steps. BuildKit wants it with seccomp, for which Go's modules are not enough: it links libseccomp, so it is
 * the machine's own or Debian's.
 */
export const runc = { name: "runc", version: "1.1.5", versionArgs: ["--version"] } as const;

/** Only for tests: BuildKit's own reader of Dockerfiles, which says what a build would read. */
export const dockerfileOracle: Tool = {
  name: "oracle",
  version: "0.31.0",
  package: "strata/tools/oracle",
  module: main,
};
