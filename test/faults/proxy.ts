import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request, type Server } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "../../tools/home";
import { certificatesOf } from "../../tools/services/certificates";

/** What goes wrong with a request. A status is answered in the registry's place; a cut ends the connection within the body. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly body?: string }
  | { readonly kind: "cut"; readonly after: number }
  | { readonly kind: "slow"; readonly milliseconds: number }
  | { readonly kind: "silent" };

/** Which requests it befalls, and how many of them. */
export interface Plan {
  readonly fault: Fault;
  readonly concerns: (method: string, path: string) => boolean;
  /** @default all that it concerns */
  readonly times?: number;
}

/** A TLS proxy in front of a registry, in whose place it stands: clients need nothing that they do not have. */
export class FaultyProxy {
  private plan: Plan | undefined;
  private befallen: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly agent: Agent;

  private constructor(
    private readonly server: Server,
    home: Home,
    private readonly registryPort: number,
  ) {
    this.agent = new Agent({ ca: readFileSync(certificatesOf(home).ca), keepAlive: true });
  }

  /** @param port the proxy's own @param registryPort where the registry is */
  static async start(home: Home, port: number, registryPort: number): Promise<FaultyProxy> {
    const { cert, key } = certificatesOf(home);
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
    const proxy = new FaultyProxy(server, home, registryPort);
    server.on("request", (incoming, response) => void proxy.serve(incoming, response));
    server.on("secureConnection", (socket: Socket) => {
      proxy.sockets.add(socket);
      socket.on("close", () => proxy.sockets.delete(socket));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return proxy;
  }

  /** @returns the requests that have met the fault since, as `METHOD path`, a list that grows */
  set(plan: Plan | undefined): readonly string[] {
    this.plan = plan;
    this.befallen = [];
    return this.befallen;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faultFor(incoming);
    if (fault?.kind === "silent") return;
    if (fault?.kind === "slow") await sleep(fault.milliseconds);
    if (fault?.kind === "status") {
      incoming.resume();
      const type = fault.body === undefined ? "text/plain" : "application/json";
      response.writeHead(fault.status, { "content-type": type }).end(fault.body ?? "made by the test\n");
      return;
    }
    this.pass(incoming, response, fault?.kind === "cut" ? fault.after : undefined);
  }

  private faultFor({ method = "", url = "" }: IncomingMessage): Fault | undefined {
    const { plan, befallen } = this;
    if (!plan?.concerns(method, url) || befallen.length >= (plan.times ?? Number.POSITIVE_INFINITY)) return undefined;
    befallen.push(`${method} ${url}`);
    return plan.fault;
  }

  /** @param cutAfter bytes of the body, in either direction, after which the connection is cut */
  private pass(incoming: IncomingMessage, response: ServerResponse, cutAfter: number | undefined): void {
    const { method, url, headers } = incoming;
    const options = { host: "localhost", port: this.registryPort, method, path: url, headers, agent: this.agent };
    let passed = 0;
    const count = (chunk: Buffer) => {
      passed += chunk.length;
      if (cutAfter !== undefined && passed > cutAfter) incoming.socket.destroy();
    };
    const outgoing = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (cutAfter !== undefined) answer.on("data", count);
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.on("error", () => outgoing.destroy());
    // Half a body must not reach the registry as a whole one.
    incoming.on("close", () => {
      if (!incoming.complete) outgoing.destroy();
    });
    if (cutAfter !== undefined) incoming.on("data", count);
    incoming.pipe(outgoing);
  }
}
