import { execa } from "execa";
import type { PresentDigest } from "../../components/catalog/pins/compare";
import type { Environment } from "../stack/environment";

/** In milliseconds, regctl's own attempts included. */
const timeLimit = 20_000;

/**
 * The digest that an upstream's registry gives for its tag now; of all platforms, where it has several.
 *
 * @param name as in upstreams.yaml: `debian:trixie-slim`
 * @param env DOCKER_CONFIG and SSL_CERT_FILE of the stack
 */
export async function presentDigest(name: string, env: Environment): Promise<PresentDigest> {
  const result = await execa("regctl", ["manifest", "head", name], { env, timeout: timeLimit, reject: false });
  const digest = result.stdout.trim();
  if (!result.failed && /^sha256:[0-9a-f]{64}$/.test(digest)) return { digest };
  if (/\[http 404\]/.test(result.stderr)) return { gone: true };
  const why = result.timedOut ? `no answer in ${timeLimit / 1000} s` : result.stderr.trim().split("\n").at(-1);
  return { unknown: why || result.shortMessage || `regctl printed ${digest}` };
}
