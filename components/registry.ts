import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Temporary: the sum of the sizes of an image's filesystem layers. */
export async function imageSize(ref: string): Promise<number | undefined> {
  const get = async (r: string) =>
    JSON.parse((await run("regctl", ["manifest", "get", r, "--format", "raw-body"], { timeout: 30_000 })).stdout);
  const index = await get(ref);
  const repo = ref.slice(0, ref.indexOf("@"));
  const layers = new Map<string, number>();
  for (const m of index.manifests ?? [])
    for (const l of (await get(`${repo}@${m.digest}`)).layers) layers.set(l.digest, l.size);
  return [...layers.values()].reduce((a, b) => a + b, 0);
}
