import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { homeAt, root } from "../../tools/home";
import { certificatesOf, ensureCertificates } from "../../tools/services/certificates";
import { startDaemon, stopDaemon } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { configureRegistry, registryDaemon } from "../../tools/services/registry";
import { pathWithTools } from "../../tools/toolchain/install";
import { home } from "./project";

/** A registry of a test's own, with an authority and a password of its own. */
export class TestRegistry {
  private constructor(
    readonly home: ReturnType<typeof homeAt>,
    readonly port: number,
    private readonly deletes: boolean,
  ) {}

  /** @param deletes whether clients may take anything away */
  static async start(name: string, { deletes = true }: { deletes?: boolean } = {}): Promise<TestRegistry> {
    process.env.PATH = pathWithTools();
    const own = homeAt(join(home.folder, name));
    for (const folder of [own.run, own.logs, own.registry]) mkdirSync(folder, { recursive: true });
    const registry = new TestRegistry(own, await freePort(), deletes);
    await ensureCertificates(own);
    await registry.startAt(registry.port);
    return registry;
  }

  /** Where clients reach it. */
  get host(): string {
    return `localhost:${this.port}`;
  }

  /** Starts it behind its address, for a proxy to stand there. */
  async startAt(port: number): Promise<void> {
    configureRegistry(this.home, this.port);
    configureRegistry(this.home, port);
    const file = join(this.home.run, "registry.yml");
    const config = parse(readFileSync(file, "utf8"));
    config.storage.delete.enabled = this.deletes;
    writeFileSync(file, stringify(config));
    await startDaemon(registryDaemon(this.home, port), this.home);
  }

  async stop(): Promise<void> {
    await stopDaemon("registry", this.home);
  }
}

/** The environment of somebody who is logged in to these registries, and trusts them. */
export function clientOf(
  folder: string,
  ...registries: readonly Pick<TestRegistry, "home" | "host">[]
): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const auths = registries.map(({ home, host }) => {
    const config = JSON.parse(readFileSync(join(home.docker, "config.json"), "utf8")) as { auths: object };
    return { [host]: (config.auths as Record<string, object>)[host] };
  });
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: Object.assign({}, ...auths) }));
  const bundle = join(folder, "bundle.pem");
  writeFileSync(bundle, registries.map(({ home }) => readFileSync(certificatesOf(home).ca, "utf8")).join("\n"));
  return { DOCKER_CONFIG: folder, SSL_CERT_FILE: bundle, PATH: pathWithTools() };
}

/** What a test asks of registries beside the provider. */
export class Client {
  constructor(readonly env: Record<string, string>) {}

  /** @param input what regctl reads @returns what it prints */
  async regctl(args: readonly string[], input = ""): Promise<string> {
    return (await execa("regctl", args, { env: this.env, input, timeout: 60_000 })).stdout;
  }

  /** What a tag or a digest names; undefined for nothing. */
  async digest(ref: string): Promise<string | undefined> {
    const { stdout, stderr, failed } = await execa("regctl", ["image", "digest", ref], {
      env: this.env,
      reject: false,
      timeout: 60_000,
    });
    if (failed && !stderr.includes("404")) throw new Error(stderr);
    return failed ? undefined : stdout;
  }

  async tags(repository: string): Promise<string[]> {
    return (await this.regctl(["tag", "ls", repository])).split("\n").filter((tag) => tag !== "");
  }

  /** Pushes an image of these bytes, for each platform with a layer and a configuration of its own. @returns its digest */
  async push(
    ref: string,
    bytes: string,
    {
      platforms = ["linux/amd64"],
      labels = {},
    }: { platforms?: readonly string[]; labels?: Record<string, string> } = {},
  ): Promise<string> {
    const folder = mkdtempSync(join(root, ".strata/test/layout-"));
    try {
      const manifests = platforms.map((platform) => {
        const [os, architecture] = platform.split("/") as [string, string];
        const layer = blob(folder, `${platform}\n${bytes}`, "application/vnd.oci.image.layer.v1.tar");
        const config = {
          os,
          architecture,
          config: { Labels: labels },
          rootfs: { type: "layers", diff_ids: [layer.digest] },
        };
        return {
          ...blob(
            folder,
            JSON.stringify({
              schemaVersion: 2,
              mediaType: "application/vnd.oci.image.manifest.v1+json",
              config: blob(folder, JSON.stringify(config), "application/vnd.oci.image.config.v1+json"),
              layers: [layer],
            }),
            "application/vnd.oci.image.manifest.v1+json",
          ),
          platform: { os, architecture },
        };
      });
      const mediaType = "application/vnd.oci.image.index.v1+json";
      const index = blob(folder, JSON.stringify({ schemaVersion: 2, mediaType, manifests }), mediaType);
      writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
      writeFileSync(
        join(folder, "index.json"),
        JSON.stringify({
          schemaVersion: 2,
          manifests: [{ ...index, annotations: { "org.opencontainers.image.ref.name": "it" } }],
        }),
      );
      await this.regctl(["image", "copy", `ocidir://${folder}:it`, ref]);
      return index.digest;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function blob(folder: string, text: string, mediaType: string) {
  const hex = createHash("sha256").update(text).digest("hex");
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  writeFileSync(join(folder, "blobs/sha256", hex), text);
  return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}
