import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { stringify } from "yaml";
import type { Home } from "../home";
import { certificatesOf } from "./certificates";
import type { Daemon } from "./daemon";

const user = "strata";

/**
 * bcrypt's lowest. The registry checks the password at every request, of which a push has dozens: at the usual cost of 10
 * that is 50 ms each, a second for an image. A slow hash guards passwords that can be guessed; 24 random bytes cannot.
 */
const hashCost = 4;

/** A distribution registry with TLS and a password, on this machine's loopback only. */
export function registryDaemon(home: Home, port: number): Daemon {
  return {
    name: "registry",
    command: "registry",
    args: ["serve", join(home.run, "registry.yml")],
    // The registry sends traces to a collector unless told not to.
    env: { OTEL_TRACES_EXPORTER: "none" },
    healthy: async () => (await askRegistry(home, port, "/v2/").catch(() => undefined)) === 200,
  };
}

/**
 * Writes what the registry and its clients need; the password is made once and stays.
 *
 * @param accessLog whether its log has a line for each request, with the bytes of the answer
 */
export function configureRegistry(home: Home, port: number, accessLog = false): void {
  const passwords = join(home.run, "registry.htpasswd");
  if (!existsSync(passwordFile(home)) || !existsSync(passwords)) {
    const password = randomBytes(24).toString("base64url");
    writeFileSync(passwordFile(home), password, { mode: 0o600 });
    writeFileSync(passwords, `${user}:${hashSync(password, hashCost)}\n`, { mode: 0o600 });
  }
  logIn(home, `localhost:${port}`);
  const { cert, key } = certificatesOf(home);
  const config = {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: !accessLog } },
    storage: { filesystem: { rootdirectory: home.registry }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, tls: { certificate: cert, key } },
    auth: { htpasswd: { realm: "strata", path: passwords } },
  };
  writeFileSync(join(home.run, "registry.yml"), stringify(config));
}

/** The status that the registry answers a path with. */
export function askRegistry(home: Home, port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      ca: readFileSync(certificatesOf(home).ca),
      headers: { authorization: `Basic ${basicAuth(home)}` },
      timeout: 5000,
    };
    const request = get(`https://localhost:${port}${path}`, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("timeout", () => request.destroy(new Error(`the registry on port ${port} does not answer`)));
    request.on("error", reject);
  });
}

/** Adds our registry to the Docker configuration, which may hold log-ins of the user's by now. */
function logIn(home: Home, registry: string): void {
  mkdirSync(home.docker, { recursive: true, mode: 0o700 });
  const file = join(home.docker, "config.json");
  const config = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { auths?: object }) : {};
  const merged = { ...config, auths: { ...config.auths, [registry]: { auth: basicAuth(home) } } };
  writeFileSync(file, JSON.stringify(merged, null, 2), { mode: 0o600 });
}

function basicAuth(home: Home): string {
  return Buffer.from(`${user}:${readFileSync(passwordFile(home), "utf8")}`).toString("base64");
}

function passwordFile(home: Home): string {
  return join(home.run, "registry.password");
}
