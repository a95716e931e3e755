import { isScalar, parseDocument } from "yaml";

/**
 * upstreams.yaml with other digests in the place of some: nothing else of it changes, not a comment and not a space.
 *
 * @param text of the file, which was read without an error before
 * @param digests by the name as written there
 */
export function withDigests(text: string, digests: ReadonlyMap<string, string>): string {
  const document = parseDocument(text);
  const places = [...digests].flatMap(([name, digest]) => {
    const node = document.get(name, true);
    return isScalar(node) && node.range ? [{ start: node.range[0], end: node.range[1], digest }] : [];
  });
  // From the end on, so that places before stay where they are.
  return places
    .sort((a, b) => b.start - a.start)
    .reduce((changed, { start, end, digest }) => changed.slice(0, start) + digest + changed.slice(end), text);
}
