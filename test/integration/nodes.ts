import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { execa } from "execa";
import { createCA, createCert } from "mkcert";
import { type Home, homeAt, root } from "../../tools/home";
import { certificatesOf, ensureCertificates } from "../../tools/services/certificates";
import { type Daemon, startDaemon, stopDaemon } from "../../tools/services/daemon";
import { freePort } from "../../tools/services/free-port";
import { configureRegistry, registryDaemon } from "../../tools/services/registry";

/**
 * The nodes of the builder, with the platform that buildx sends to each. Both run on this machine, so what runs commands must
 * do so on $BUILDPLATFORM. `near` has a socket; `far` is reached as another machine is, by TCP with client certificates.
 */
export const nodes = { near: "linux/amd64", far: "linux/arm64" } as const;
export type Node = keyof typeof nodes;
const names = Object.keys(nodes) as Node[];

/** Buildx merges what the nodes pushed itself, and takes localhost and 127.* for plain HTTP whatever is configured. */
const registryHost = "0.0.0.0";

/** Two BuildKit daemons as one buildx builder, and a registry that they and buildx reach. */
export class Nodes {
  /** Both nodes. */
  readonly builder = "both";
  /** The node `near` alone, for any platform. */
  readonly single = "single";

  private constructor(
    private readonly home: Home,
    readonly registry: string,
    private readonly port: number,
  ) {}

  /** @param services whose registry's images can be copied to this one */
  static async start(services: Home): Promise<Nodes> {
    const home = homeAt(join(root, ".strata/test-nodes"));
    rmSync(home.folder, { recursive: true, force: true });
    for (const folder of [home.run, home.logs, home.registry, home.tls]) mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const made = new Nodes(home, `${registryHost}:${port}`, await freePort());
    try {
      await made.makeCertificates(services);
      configureRegistry(home, port);
      made.logIn(`localhost:${port}`, services);
      await startDaemon(registryDaemon(home, port), home);
      for (const node of names) await startDaemon(made.daemon(node), home);
      await made.createBuilders();
    } catch (error) {
      await made.stop();
      throw error;
    }
    return made;
  }

  /** What a build needs to reach them. */
  get env(): Record<string, string> {
    return { DOCKER_CONFIG: this.home.docker, SSL_CERT_FILE: certificatesOf(this.home).bundle };
  }

  async stop(): Promise<void> {
    for (const name of [...names, "registry"]) await stopDaemon(name, this.home);
    rmSync(this.home.folder, { recursive: true, force: true });
  }

  async stopNode(node: Node): Promise<void> {
    await stopDaemon(node, this.home);
  }

  /** Throws the caches of both away. */
  async empty(): Promise<void> {
    for (const node of names) {
      await this.stopNode(node);
      rmSync(join(this.home.folder, node), { recursive: true, force: true });
      await startDaemon(this.daemon(node), this.home);
    }
  }

  /** Descriptions of what is in a node's cache. */
  async cacheOf(node: Node): Promise<string[]> {
    const { stdout } = await execa("buildctl", [...this.addressed(node), "du", "-v"], { timeout: 60_000 });
    return [...stdout.matchAll(/^Description:\s*(.*)$/gm)].map(([, description]) => description as string);
  }

  /** What a node answers to a client without a certificate. */
  refusal(): Promise<string> {
    const options = { host: "127.0.0.1", port: this.port, ca: readFileSync(certificatesOf(this.home).ca) };
    return new Promise((resolve) => {
      // It only listens: one that writes may find the connection closed before it reads why.
      const client = connect({ ...options, ALPNProtocols: ["h2"], timeout: 10_000 });
      client.on("data", () => {});
      client.once("error", (error) => resolve(error.message));
      client.once("timeout", () => client.destroy(new Error("was not refused")));
    });
  }

  /** Copies an image into the registry. */
  async copyImage(ref: string, name: string): Promise<void> {
    await execa("regctl", ["image", "copy", ref, `${this.registry}/${name}`], { env: this.env, timeout: 120_000 });
  }

  async createBuilder(name: string, address: string, ...options: string[]): Promise<void> {
    const args = ["create", "--name", name, "--driver", "remote", ...options, address];
    await execa("buildx", args, { env: this.env, timeout: 60_000 });
  }

  private async createBuilders(): Promise<void> {
    const { ca, cert, key } = certificatesOf(this.home);
    const secured = ["--driver-opt", `cacert=${ca},cert=${cert},key=${key}`];
    const append: string[] = [];
    for (const node of names) {
      const [, address = ""] = this.addressed(node);
      const how = ["--node", node, "--platform", nodes[node], ...(node === "far" ? secured : [])];
      await this.createBuilder(this.builder, address, ...append, ...how);
      append.push("--append");
    }
    const [, near = ""] = this.addressed("near");
    await this.createBuilder(this.single, near);
  }

  private daemon(node: Node): Daemon {
    const file = join(this.home.run, `${node}.toml`);
    const { ca, cert, key } = certificatesOf(this.home);
    const [, address] = this.addressed(node);
    const text = JSON.stringify;
    const tls = node === "far" ? `[grpc.tls]\ncert = ${text(cert)}\nkey = ${text(key)}\nca = ${text(ca)}\n` : "";
    writeFileSync(
      file,
      `root = ${text(join(this.home.folder, node))}
[grpc]
address = [${text(address)}]
${tls}[otel]
socketPath = ${text(join(this.home.run, `${node}-otel.sock`))}
[worker.oci]
enabled = true
networkMode = "host"
[worker.containerd]
enabled = false
[registry.${text(this.registry)}]
http = false
insecure = false
ca = [${text(ca)}]
`,
    );
    return {
      name: node,
      command: "buildkitd",
      args: ["--config", file],
      healthy: async () => {
        const asked = [...this.addressed(node), "debug", "workers"];
        return !(await execa("buildctl", asked, { reject: false, timeout: 5000 })).failed;
      },
    };
  }

  private addressed(node: Node): string[] {
    if (node === "near") return ["--addr", `unix://${join(this.home.run, `${node}.sock`)}`];
    const { ca, cert, key } = certificatesOf(this.home);
    return ["--addr", `tcp://127.0.0.1:${this.port}`, "--tlscacert", ca, "--tlscert", cert, "--tlskey", key];
  }

  /** One for all: servers and clients. */
  private async makeCertificates(services: Home): Promise<void> {
    const who = { organization: "Strata, tests", countryCode: "XX", state: "local", locality: "local" };
    const ca = await createCA({ ...who, validity: 40 });
    const made = await createCert({ ca, domains: [registryHost, "127.0.0.1", "localhost"], validity: 40 });
    const files = certificatesOf(this.home);
    writeFileSync(files.ca, ca.cert);
    writeFileSync(files.key, made.key, { mode: 0o600 });
    writeFileSync(files.cert, made.cert);
    const { bundle } = await ensureCertificates(this.home);
    appendFileSync(bundle, readFileSync(certificatesOf(services).ca));
  }

  /** With the credentials that were made for this registry under another name, and those of the services. */
  private logIn(as: string, services: Home): void {
    const [own, others] = [this.home, services].map(
      ({ docker }) => JSON.parse(readFileSync(join(docker, "config.json"), "utf8")).auths,
    );
    const auths = { ...others, [this.registry]: own[as] };
    writeFileSync(join(this.home.docker, "config.json"), JSON.stringify({ auths }), { mode: 0o600 });
  }
}
