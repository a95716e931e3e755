import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../home";

export interface Certificates {
  /** Files in PEM. The bundle holds this machine's own authorities and ours, for programs that read SSL_CERT_FILE. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly bundle: string;
}

const days = 825;
const renewWithin = 30 * 24 * 3600 * 1000;

export function certificatesOf(home: Home): Certificates {
  const file = (name: string) => join(home.tls, name);
  return { ca: file("ca.pem"), cert: file("registry.pem"), key: file("registry.key"), bundle: file("bundle.pem") };
}

/** Makes the certificate authority and the registry's certificate, unless they are there and good for another month. */
export async function ensureCertificates(home: Home): Promise<Certificates> {
  const files = certificatesOf(home);
  if (!isGood(files.cert)) {
    mkdirSync(home.tls, { recursive: true, mode: 0o700 });
    // Loaded only here: whoever just asks where certificates are would wait for it.
    const { createCA, createCert } = await import("mkcert");
    const ca = await createCA({
      organization: "Strata, local registry",
      countryCode: "XX",
      state: "local",
      locality: "local",
      validity: days,
    });
    const server = await createCert({ ca, domains: ["localhost", "127.0.0.1"], validity: days });
    writeFileSync(files.ca, ca.cert);
    writeFileSync(files.key, server.key, { mode: 0o600 });
    writeFileSync(files.cert, server.cert);
  }
  writeFileSync(files.bundle, `${systemAuthorities(home)}\n${readFileSync(files.ca, "utf8")}`);
  return files;
}

function isGood(file: string): boolean {
  if (!existsSync(file)) return false;
  return Date.parse(new X509Certificate(readFileSync(file)).validTo) > Date.now() + renewWithin;
}

/** Where `strata env` keeps what SSL_CERT_FILE was before it named our bundle. */
export const givenAuthoritiesVariable = "STRATA_GIVEN_SSL_CERT_FILE";

/** What SSL_CERT_FILE was before it was our bundle; undefined for nothing. */
export function givenAuthorities(home: Home): string | undefined {
  const file = process.env.SSL_CERT_FILE;
  return file === certificatesOf(home).bundle ? process.env[givenAuthoritiesVariable] : file;
}

/** Where Go's crypto/x509 looks on Linux, what SSL_CERT_FILE was first. */
function systemAuthorities(home: Home): string {
  const places = [
    givenAuthorities(home),
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ];
  const file = places.find((place) => place && existsSync(place));
  return file ? readFileSync(file, "utf8") : "";
}
