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
    /\b401\b|[Uu]nauthorized|authorization failed|\b403 Forbidden\b/,
    "The registry refuses the credentials: docker login, with an account that may push there.",
  ],
  [/429 Too Many Requests/, "The registry limits requests: wait a little, or lower strata:parallel."],
  [
    /connect: connection refused/,
    "Nothing answers there: start the registry or the builder that the line above names.",
  ],
  [
    /context deadline exceeded|DeadlineExceeded/,
    "Builder or registry did not answer in time. Do they run (docker buildx ls)? A build may take strata:timeout.",
  ],
];

/** What to do about a failure, a line for each of its causes that is known. @param said what Pulumi printed */
export function adviceOn(said: string): string[] {
  return known.flatMap(([pattern, advice]) => (pattern.test(said) ? [advice] : []));
}
