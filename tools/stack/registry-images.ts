import { execa } from "execa";
import type { Environment } from "./environment";

interface Manifest {
  readonly manifests?: readonly { readonly digest: string; readonly platform?: { readonly os: string } }[];
  readonly layers?: readonly { readonly size: number }[];
}

/**
 * The bytes of an image's filesystem layers as a registry sends them: compressed, of its first platform.
 *
 * @param ref `repository@sha256:…`
 * @param env DOCKER_CONFIG and SSL_CERT_FILE of the stack
 * @returns undefined where the registry does not have the image
 * @throws Error where the registry cannot be asked
 */
export async function imageSize(ref: string, env: Environment): Promise<number | undefined> {
  const index = await manifestOf(ref, env);
  const first = index?.manifests?.find((entry) => entry.platform?.os !== "unknown");
  const manifest = first ? await manifestOf(`${ref.slice(0, ref.indexOf("@"))}@${first.digest}`, env) : index;
  return manifest?.layers?.reduce((sum, layer) => sum + layer.size, 0);
}

async function manifestOf(ref: string, env: Environment): Promise<Manifest | undefined> {
  const result = await execa("regctl", ["manifest", "get", ref, "--format", "raw-body"], {
    env,
    timeout: 30_000,
    reject: false,
  });
  if (!result.failed) return JSON.parse(result.stdout) as Manifest;
  if (/\[http 404\]/.test(result.stderr)) return undefined;
  throw new Error(`${ref}: the registry could not be asked: ${result.stderr || result.shortMessage}`);
}
