import { type Environment, tellRegistry } from "./registry";

/** In milliseconds. A registry that mounts does so at once; for one that does not, regctl would send what the builder sends as well. */
const limit = 5_000;

/**
 * Has a registry give filesystem layers of one repository to another one, so that nobody sends them
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository).
 *
 * @param digests of filesystem layers; what the other repository has already is left alone
 * @param from a repository. @example "ghcr.io/acme/base"
 * @param to another one in the same registry
 * @throws RegistryError where the registry does not, or takes too long
 */
export async function mountLayers(
  digests: readonly string[],
  from: string,
  to: string,
  { env = {}, time = limit }: { readonly env?: Environment; readonly time?: number } = {},
): Promise<void> {
  await Promise.all(
    digests.map((digest) => tellRegistry(["blob", "copy", from, to, digest], [to, from], env, { time })),
  );
}
