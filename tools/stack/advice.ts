/** What BuildKit and registries say, and what is behind it: each was seen, with the fault made on purpose (test/faults). */
const known: readonly (readonly [RegExp, string])[] = [
  [
    /error reading from server: EOF|error reading from server: .*connection reset/,
    "The builder ended in the middle of a build. Start it again; up goes on with what is not built yet.",
  ],
  [
    /invalid content range|no space left on device/,
    "The registry's disk, or the builder's, is likely full: make room, then run up again.",
  ],
  [
    /\b401\b|[Uu]nauthorized|authorization failed|denied: (?:requested access|permission_denied)|(?<!\/manifests\/\S+ )\b403 Forbidden\b/,
    "The registry refuses the credentials: docker login, with an account that may push there.",
  ],
  [
    /denied: .*(?:quota|limit|maximum allowed|billing)/i,
    "The registry's quota is used up, as it says above: raise it, or delete images there that no stack holds (strata why <layer>).",
  ],
  [
    // Amazon's registry says no more when a repository is full.
    /PUT request to \S+\/manifests\/\S+ 403 Forbidden/,
    "The registry took the layers and refused the image: the repository has as many images as it may, or its tags may not be written.",
  ],
  [
    /413 Request Entity Too Large/,
    "A filesystem layer is larger than the registry, or a proxy before it, takes: raise that limit, or split the step that made it.",
  ],
  [
    /429 Too Many Requests|toomanyrequests/i,
    "The registry limits requests: log in, since it may allow more then; wait a little, or lower strata:parallel.",
  ],
  [
    /@sha256:[0-9a-f]{64}: not found/,
    "The registry no longer has that image. Of a layer, pulumi up --refresh builds it again; of an upstream, pin one that is there (strata pins --write).",
  ],
  [
    /connect: connection refused/,
    "Nothing answers there: start the registry or the builder that the line above names.",
  ],
  [
    /context deadline exceeded|DeadlineExceeded/,
    "Builder or registry did not answer in time. Do they run (docker buildx ls)? Raise strata:timeout for a build that takes longer.",
  ],
];

/** What to do about a failure, a line for each of its causes that is known. @param said what Pulumi printed of it, or the builder */
export function adviceOn(said: string): string[] {
  return known.flatMap(([pattern, advice]) => (pattern.test(said) ? [advice] : []));
}
