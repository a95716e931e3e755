import { type Environment, tellRegistry } from "./registry";

/** In milliseconds. A registry that mounts does so at once. */
export const mountLimit = 5_000;

/** What regctl warns of before it sends by itself, through this machine, what a registry does not mount. */
const notMounted = /Failed to mount blob/;

/**
 * Has a registry give blobs of one repository to another one, so that nobody sends them
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository).
 *
 * @param digests what the other repository has already is left alone
 * @param from a repository. @example "ghcr.io/acme/base"
 * @param to another one in the same registry
 * @throws RegistryError where the registry does not mount one of them, or takes too long; no other is asked for any more then
 */
export async function mountBlobs(
  digests: readonly string[],
  from: string,
  to: string,
  env: Environment = {},
): Promise<void> {
  const failed = new AbortController();
  const options = { time: mountLimit, signal: failed.signal, unless: notMounted };
  try {
    await Promise.all(
      digests.map((digest) => tellRegistry(["blob", "copy", from, to, digest], [to, from], env, options)),
    );
  } finally {
    failed.abort();
  }
}
