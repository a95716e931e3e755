import { join, resolve } from "node:path";

/** The project's folder. */
export const root = resolve(__dirname, "..");

/** Where the tools that Strata built or installed lie, whichever home uses them. */
export const toolsFolder = join(root, ".strata/bin");

/** PULUMI_HOME of the stack `local`: plugins, and which stack is selected. */
export const pulumiHome = join(root, ".strata/pulumi");

/** All that Strata keeps on a machine, but for the caches that Go and npm keep themselves. */
export interface Home {
  readonly folder: string;
  /** Registry's and BuildKit's data: what `reset` throws away. */
  readonly registry: string;
  readonly buildkit: string;
  readonly standIns: string;
  readonly standInsFile: string;
  /** Sockets, pid files and configuration of the services. */
  readonly run: string;
  readonly logs: string;
  readonly tls: string;
  /** DOCKER_CONFIG: credentials of the local registry and the buildx builder. */
  readonly docker: string;
  /** The state of the stack `local`: never thrown away. */
  readonly state: string;
  readonly passphraseFile: string;
}

/** @param folder absolute; tests use homes of their own. @default .strata in the project */
export function homeAt(folder: string = join(root, ".strata")): Home {
  return {
    folder,
    registry: join(folder, "registry"),
    buildkit: join(folder, "buildkit"),
    standIns: join(folder, "stand-ins"),
    standInsFile: join(folder, "stand-ins.yaml"),
    run: join(folder, "run"),
    logs: join(folder, "logs"),
    tls: join(folder, "tls"),
    docker: join(folder, "docker"),
    state: join(folder, "state"),
    passphraseFile: join(folder, "passphrase"),
  };
}
