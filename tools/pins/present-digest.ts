import type { PresentDigest } from "../../components/catalog/pins/compare";
import { askRegistry, RegistryError } from "../../components/registry";
import type { Environment } from "../stack/environment";

/** In milliseconds, with all tries. */
const timeLimit = 20_000;

/**
 * The digest that an upstream's registry gives for its tag now; of all platforms, where it has several.
 *
 * @param name as in upstreams.yaml: `debian:trixie-slim`
 * @param env DOCKER_CONFIG and SSL_CERT_FILE of the stack
 */
export async function presentDigest(name: string, env: Environment): Promise<PresentDigest> {
  try {
    const said = await askRegistry(["manifest", "head", name], name, env, { time: timeLimit });
    if (said === undefined) return { gone: true };
    const digest = said.trim();
    return /^sha256:[0-9a-f]{64}$/.test(digest) ? { digest } : { unknown: `regctl printed ${digest}` };
  } catch (error) {
    if (error instanceof RegistryError) return { unknown: error.message };
    throw error;
  }
}
