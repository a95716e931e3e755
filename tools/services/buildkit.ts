import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Home } from "../home";
import { certificatesOf } from "./certificates";
import type { Daemon } from "./daemon";
import { localBuilder } from "./local-builder";

export { localBuilder };

/** A socket's address may have 107 bytes (unix(7)). */
const longestSocket = 107;

export function buildkitAddress(home: Home): string {
  return `unix://${join(home.run, "buildkitd.sock")}`;
}

/** BuildKit as a process of this machine, with runc, as root. */
export function buildkitDaemon(home: Home): Daemon {
  return {
    name: "buildkitd",
    command: "buildkitd",
    args: ["--config", join(home.run, "buildkitd.toml")],
    healthy: async () => {
      const workers = await execa("buildctl", ["--addr", buildkitAddress(home), "debug", "workers"], {
        reject: false,
        timeout: 5000,
      });
      return !workers.failed;
    },
  };
}

/** @throws Error where the socket's path would be too long */
export function configureBuildkit(home: Home, registryPort: number): void {
  const socket = join(home.run, "buildkitd.sock");
  if (Buffer.byteLength(socket) > longestSocket) {
    throw new Error(`The path of this clone is too long for a socket (${socket}); clone into a shorter one`);
  }
  const { ca } = certificatesOf(home);
  // BuildKit takes localhost for plain HTTP unless told otherwise, and a socket for traces for its own alone on a machine. Unless told
  // otherwise it throws away what no build is using at the moment when less than a fifth of the disk is free: also what was fetched ahead.
  const config = `root = ${JSON.stringify(home.buildkit)}

[grpc]
  address = [${JSON.stringify(buildkitAddress(home))}]

[otel]
  socketPath = ${JSON.stringify(join(home.run, "otel.sock"))}

[worker.oci]
  enabled = true
  networkMode = "host"
  reservedSpace = "10GB"
  maxUsedSpace = "50GB"
  minFreeSpace = "2GB"

[worker.containerd]
  enabled = false

[registry."localhost:${registryPort}"]
  http = false
  insecure = false
  ca = [${JSON.stringify(ca)}]
`;
  writeFileSync(join(home.run, "buildkitd.toml"), config);
}

/** Registers BuildKit with buildx, anew where the clone has moved. */
export async function ensureBuilder(home: Home): Promise<void> {
  const instance = join(home.docker, "buildx/instances", localBuilder);
  const address = buildkitAddress(home);
  if (existsSync(instance) && readFileSync(instance, "utf8").includes(JSON.stringify(address))) return;
  const options = { env: { DOCKER_CONFIG: home.docker }, timeout: 60_000 };
  await execa("buildx", ["rm", "--force", "--keep-daemon", localBuilder], { ...options, reject: false });
  await execa("buildx", ["create", "--name", localBuilder, "--driver", "remote", address], options);
}
