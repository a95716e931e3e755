/**
 * Whether a host answers HTTPS at all; what it answers does not matter.
 *
 * @param host with a port where it needs one
 * @param timeLimit in milliseconds. @default 3000: a machine without the internet must not wait
 */
export async function reachable(host: string, timeLimit = 3000): Promise<boolean> {
  try {
    await fetch(`https://${host}/`, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(timeLimit) });
    return true;
  } catch {
    return false;
  }
}
