/** What BuildKit prints of what it does beside the steps of a Dockerfile, and what that is to a user. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^importing cache manifest from /, "reading the cache"],
  [/^exporting cache to /, "writing the cache"],
  [/^exporting to image/, "packing"],
  [/^(pushing layers|pushing manifest for )/, "pushing"],
];

/**
 * What a line of BuildKit's plain progress begins: `mise 2/3 RUN npm ci` of `#15 [linux/amd64 mise 2/3] RUN npm ci`, or `pushing`.
 *
 * @returns undefined for a line that begins nothing, such as what a step prints
 */
export function stepOf(line: string): string | undefined {
  const [, said] = /^#\d+ (.*)$/.exec(line) ?? [];
  if (said === undefined) return undefined;
  // A Dockerfile of one stage, for one platform, may name neither.
  const [, step, instruction] = /^\[(?:[^/\s]+\/\S+ )?((?:\S+ +)?\d+\/\d+)\] (.*)$/.exec(said) ?? [];
  if (step !== undefined) return `${step} ${instruction}`;
  return others.find(([pattern]) => pattern.test(said))?.[1];
}
