import { type Family, lineAt, packageMissingIn, rebuildOf } from "./family";
import { lines, writeFiles } from "./written";

const clean = "apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/aux-cache";

const filesOf = (packages: string, tool: string, program: string): Readonly<Record<string, string>> => ({
  "images/base/Dockerfile": lines(
    "FROM debian:trixie-slim",
    "ARG SOURCE_DATE_EPOCH",
    `RUN apt-get update && apt-get install -y --no-install-recommends ${packages} \\`,
    `    && ${clean} \\`,
    "    && find /usr -name __pycache__ -prune -exec rm -rf {} +",
  ),
  "images/base/image.yaml": lines("description: Compilers and clients"),
  "images/tooling/Dockerfile": lines(
    "FROM debian:trixie-slim AS tool",
    "ENV MOVED=0",
    `RUN apt-get update && apt-get install -y --no-install-recommends ${tool} \\`,
    `    && install -D ${program} /out${program}-of-ours && ${clean}`,
    "FROM base",
    "ARG SOURCE_DATE_EPOCH",
    "RUN useradd --uid 1001 developer && rm -rf /var/log/* /etc/*-",
    "COPY --link --from=tool /out/ /",
    "COPY --link sshd/ /etc/ssh/",
  ),
  "images/tooling/sshd/strata.conf": lines("Port 2222"),
  "images/app/Dockerfile": lines("FROM tooling", "COPY --link etc/ /etc/"),
  "images/app/etc/motd": lines("Hello"),
});

const changes: Family["changes"] = {
  app: { edits: [lineAt("images/app/etc/motd", "News: %s")], reaches: ["app"] },
  configuration: { edits: [lineAt("images/tooling/sshd/strata.conf", "# %s")], reaches: ["tooling", "app"] },
  tool: {
    edits: [
      {
        path: "images/tooling/Dockerfile",
        edit: (text, serial) => text.replace(/^ENV MOVED=.*$/m, `ENV MOVED=${serial}`),
      },
    ],
    // The program that the stage takes is the same as before, so nothing above it need be new.
    reaches: [],
  },
  package: {
    edits: [
      {
        path: "images/base/Dockerfile",
        edit: (text) => text.replace("--no-install-recommends", `$& ${packageMissingIn(text)}`),
      },
    ],
    reaches: ["base", "tooling", "app"],
  },
  rebuild: rebuildOf("base"),
};

/** As the chain in images/, without its Go programs, and of everything else less: its first build takes a minute. */
export const small = chainOf("small", "build-essential git curl jq python3", "nodejs", "/usr/bin/node");

/** With hardly anything in it, for trying the benchmark out. */
export const tiny = chainOf("tiny", "jq", "xz-utils", "/usr/bin/xz");

/** @param packages of base @param tool the package of which tooling takes a program */
function chainOf(name: string, packages: string, tool: string, program: string): Family {
  return { name, write: (project) => writeFiles(project, filesOf(packages, tool, program)), changes };
}
