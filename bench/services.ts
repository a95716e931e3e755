import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Home } from "../tools/home";
import { buildkitAddress, localBuilder } from "../tools/services/buildkit";
import { logFile } from "../tools/services/daemon";
import { freePort } from "../tools/services/free-port";
import { emptyBuildkit, registryPort, startServices, stopServices } from "../tools/services/services";
import type { Environment } from "../tools/stack/environment";
import { type Traffic, trafficIn } from "./traffic";

const options = { accessLog: true } as const;

/** In bytes: how much the registry may grow before it throws away what no tag names any more. */
const growth = 8e9;

/** How many emptied BuildKits are kept aside at most, and how many bytes are left free: of a whole chain each has gigabytes. */
const mostAside = 15;
const leastFree = 25e9;

/** In milliseconds: how long a disk is left alone after these are deleted. */
const afterDeleting = 60_000;

/** BuildKit and the registry of the benchmark, which are nobody else's. */
export class Services {
  private keptBytes = 0;

  private constructor(
    private readonly home: Home,
    /** Host and port. */
    readonly registry: string,
  ) {}

  static async start(home: Home): Promise<Services> {
    const port = existsSync(join(home.folder, "registry-port")) ? registryPort(home) : await freePort();
    return new Services(home, await startServices(home, port, options));
  }

  async stop(): Promise<void> {
    await stopServices(this.home);
    rmSync(this.aside, { recursive: true, force: true });
  }

  private get aside(): string {
    return join(this.home.folder, "aside");
  }

  /** Empties BuildKit, as on a fresh machine. @throws Error where anything is left in it */
  async empty(): Promise<void> {
    await this.collectGarbage();
    await this.putAside();
    await emptyBuildkit(this.home, options);
    const asked = ["--addr", buildkitAddress(this.home), "du", "--format", "{{json .}}"];
    const { stdout } = await execa("buildctl", asked, { timeout: 60_000 });
    if (/"ID"/i.test(stdout)) throw new Error(`BuildKit was emptied and is not empty: ${stdout.slice(0, 300)}`);
  }

  /**
   * Takes BuildKit's folder out of its way without deleting it: right after the deletion, unpacking many small files took 16 s in the place of 2, and a
   * fresh machine has deleted nothing. What is aside is deleted when there is a lot of it, and the disk given time.
   */
  private async putAside(): Promise<void> {
    await stopServices(this.home);
    const { aside } = this;
    mkdirSync(aside, { recursive: true });
    if (existsSync(this.home.buildkit)) renameSync(this.home.buildkit, join(aside, randomUUID()));
    const { bavail, bsize } = statfsSync(aside);
    if (readdirSync(aside).length < mostAside && bavail * bsize > leastFree) return;
    rmSync(aside, { recursive: true, force: true });
    await diskRests();
  }

  /** Images that a later build has taken the tag of fill the disk otherwise. */
  private async collectGarbage(): Promise<void> {
    const bytes = await folderBytes(this.home.registry);
    if (bytes < this.keptBytes + growth) return;
    await stopServices(this.home);
    const config = join(this.home.run, "registry.yml");
    await execa("registry", ["garbage-collect", "--delete-untagged", config], {
      env: { OTEL_TRACES_EXPORTER: "none" },
      timeout: 10 * 60_000,
    });
    this.keptBytes = await folderBytes(this.home.registry);
    await diskRests();
  }

  /** Begins to watch the registry. @returns gives what was pulled and pushed since */
  watch(): () => Promise<Traffic> {
    const file = logFile("registry", this.home);
    const began = statSync(file).size;
    return async () => {
      // A line is written when its request has ended, which is a little after its client has the answer.
      await sleep(300);
      return trafficIn(readFileSync(file).subarray(began).toString(), (digest) => this.sizeOf(digest));
    };
  }

  private sizeOf(digest: string): number {
    const file = this.blob(digest);
    return existsSync(file) ? statSync(file).size : 0;
  }

  private blob(digest: string): string {
    const hex = digest.slice("sha256:".length);
    return join(this.home.registry, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  }

  /**
   * What images a repository has under tags that begin so: of each the digests of its filesystem layers. That of an image itself is another
   * with each push where what is attested of the build comes with it, with the time that it took.
   */
  contentsOf(repository: string, tag: string): Set<string> {
    const folder = join(this.home.registry, "docker/registry/v2/repositories", repository, "_manifests/tags");
    const tags = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(tag)) : [];
    return new Set(tags.map((name) => this.layersOf(readFileSync(join(folder, name, "current/link"), "utf8").trim())));
  }

  private layersOf(digest: string): string {
    const { manifests, layers = [] } = JSON.parse(readFileSync(this.blob(digest), "utf8")) as Manifest;
    if (!manifests) return layers.map(({ digest }) => digest).join(" ");
    const images = manifests.filter(({ platform }) => platform?.os !== "unknown");
    return images.map(({ digest }) => this.layersOf(digest)).join("; ");
  }

  /** Takes all repositories of an organisation away. */
  forget(organisation: string): void {
    const folder = join(this.home.registry, "docker/registry/v2/repositories", organisation);
    rmSync(folder, { recursive: true, force: true });
  }

  /** How many RUN steps BuildKit has run since it was emptied, none that a cache had. */
  async stepsRun(env: Environment): Promise<number> {
    const buildx = async (...args: string[]) =>
      await execa("buildx", ["history", ...args, "--builder", localBuilder], { env, timeout: 60_000, all: true });
    const { stdout } = await buildx("ls", "--format", "json");
    const refs = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { ref: string }).ref);
    const steps = new Set<string>();
    for (const ref of refs) {
      const id = ref.split("/").at(-1) as string;
      const { all } = await buildx("logs", id, "--progress", "rawjson");
      for (const step of stepsIn(all)) steps.add(step);
    }
    return steps.size;
  }
}

/** Waits until a disk has given back what was deleted. */
async function diskRests(): Promise<void> {
  await execa("sync", [], { timeout: 5 * 60_000 });
  await sleep(afterDeleting);
}

/** An image's index or manifest. */
interface Manifest {
  readonly manifests?: readonly { readonly digest: string; readonly platform?: { readonly os: string } }[];
  readonly layers?: readonly { readonly digest: string }[];
}

interface Status {
  readonly vertexes?: readonly {
    readonly digest: string;
    readonly name: string;
    readonly completed?: string;
    readonly cached?: boolean;
    readonly error?: string;
  }[];
}

/** The RUN steps that a log of BuildKit's in JSON says were run to their end, by digest. */
export function stepsIn(log: string): Set<string> {
  const ran = new Set<string>();
  const cached = new Set<string>();
  for (const line of log.split("\n").filter((line) => line.startsWith("{"))) {
    for (const vertex of (JSON.parse(line) as Status).vertexes ?? []) {
      if (!/\] RUN /.test(vertex.name)) continue;
      if (vertex.cached) cached.add(vertex.digest);
      else if (vertex.completed && !vertex.error) ran.add(vertex.digest);
    }
  }
  return new Set([...ran].filter((digest) => !cached.has(digest)));
}

/** What a folder takes, as `du` counts it. */
export async function folderBytes(folder: string): Promise<number> {
  const { stdout } = await execa("du", ["-s", "--block-size=1", folder], { timeout: 5 * 60_000, reject: false });
  return Number(stdout.split("\t")[0]) || 0;
}
