/** What went over the wire to and from the registry, of one answered request of its log. */
interface Request {
  readonly method: string;
  /** With what follows `?`. */
  readonly path: string;
  readonly status: number;
  /** Of the answer's body, in bytes. */
  readonly bytes: number;
}

export interface Traffic {
  readonly pulledBytes: number;
  readonly pushedBytes: number;
  /** Images that were pushed, as `repository:tag`; no build caches. */
  readonly images: readonly string[];
}

/**
 * What a registry's access log says was pulled and pushed: bodies of answers to GET, and each blob that was uploaded. A blob that was only
 * mounted from another repository counts for nothing. Manifests that were pushed do not count either, a few kB each.
 *
 * @param log lines in the combined format of Apache's server
 * @param sizeOf a blob's size in bytes, by its digest
 */
export function trafficIn(log: string, sizeOf: (digest: string) => number): Traffic {
  let pulledBytes = 0;
  let pushedBytes = 0;
  const images = new Set<string>();
  for (const { method, path, status, bytes } of requestsIn(log)) {
    if (status < 200 || status > 299) continue;
    if (method === "GET") pulledBytes += bytes;
    const digest = /^\/v2\/.+\/blobs\/uploads\/.*[?&]digest=(sha256(?::|%3A)[0-9a-f]{64})/i.exec(path)?.[1];
    if (method === "PUT" && digest) pushedBytes += sizeOf(decodeURIComponent(digest));
    const [, repository, tag] = /^\/v2\/(.+)\/manifests\/([^:?]+)$/.exec(path) ?? [];
    if (method === "PUT" && repository && tag && !tag.endsWith("cache")) images.add(`${repository}:${tag}`);
  }
  return { pulledBytes, pushedBytes, images: [...images].sort() };
}

function requestsIn(log: string): Request[] {
  const line = /"(GET|PUT|POST|PATCH|HEAD|DELETE) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+|-)/g;
  return [...log.matchAll(line)].map(([, method = "", path = "", status, bytes]) => ({
    method,
    path,
    status: Number(status),
    bytes: bytes === "-" ? 0 : Number(bytes),
  }));
}
