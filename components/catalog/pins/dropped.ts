/**
 * What to do about a build that failed because the archive has moved on from a lock, in one line.
 *
 * @param log of the build
 * @returns undefined for a build that failed otherwise
 */
export function adviceOnPins(log: string): string | undefined {
  const dropped = droppedPins(log);
  const [first] = dropped;
  if (first) {
    const others = dropped.length > 1 ? ` and ${dropped.length - 1} more of its pins` : "";
    return `The archive no longer has ${first}${others}; run strata pins --write, which pins what it has now`;
  }
  // apt brings nothing back to an older version unasked: the image beneath has a newer one than the lock.
  if (!/E: Packages were downgraded and -y was used without --allow-downgrades/.test(log)) return undefined;
  return "The image beneath has newer packages than the lock; run strata pins --write, which resolves it anew";
}

/** `openssl 3.5.1-1`, in the order of the log, each once. */
export function droppedPins(log: string): string[] {
  const apt = [...log.matchAll(/E: Version '([^']+)' for '([^']+)' was not found/g)].map(
    ([, version, name]) => `${name} ${version}`,
  );
  // apk names the version that it has, and then what it was asked for: breaks: world[openssl=3.5.1-r0]
  const apk = [...log.matchAll(/breaks: world\[([^=\]]+)=([^\]]+)\]/g)].map(
    ([, name, version]) => `${name} ${version}`,
  );
  return [...new Set([...apt, ...apk])];
}
