import { rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { readCatalog } from "../../components/catalog/catalog";
import { FileHashes } from "../../components/catalog/file-hashes";
import { root } from "../../tools/home";
import { lines, writeFiles } from "../families/written";
import type { Run } from "../schedule";
import type { Bench, Figures } from "./bench";

const filesEach = 40;

/**
 * Reads a catalog without any hash kept, and again: each reading a process of its own; what counts is from the call to the result.
 *
 * `what` says how many layers it has.
 */
export async function catalogRun({ what }: Run, { home, signal }: Bench): Promise<Figures> {
  const family = join(home.folder, "work", `catalog-${what}`);
  rmSync(family, { recursive: true, force: true });
  writeFamily(family, Number(what));
  const hashes = join(family, "hashes.json");
  // So that the files count as settled.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const read = async () => {
    const once = ["-r", "ts-node/register/transpile-only", __filename, "--once", family];
    const { stdout } = await execa(process.execPath, once, { cwd: root, timeout: 60_000, cancelSignal: signal });
    return Number(stdout);
  };
  await read();
  rmSync(hashes, { force: true });
  const cold = await read();
  const again = await read();
  return {
    seconds: again / 1000,
    phases: [
      ["cold", cold],
      ["again", again],
    ],
  };
}

function readOnce(family: string): number {
  const upstream = { name: "debian:12", ref: "", digest: `sha256:${"0".repeat(64)}`, standIn: false };
  const began = performance.now();
  readCatalog({
    images: join(family, "images"),
    root: family,
    upstreams: new Map([[upstream.name, upstream]]),
    pinsFile: "upstreams.yaml",
    platforms: ["linux/amd64"],
    hashes: new FileHashes(join(family, "hashes.json")),
  });
  return performance.now() - began;
}

/** Layers with two stages each, in a tree of which each parent has three children. */
function writeFamily(family: string, layers: number): void {
  for (let layer = 0; layer < layers; layer++) {
    const parent = layer === 0 ? "debian:12" : `l${Math.floor((layer - 1) / 3)}`;
    const folder = `images/l${layer}`;
    const text = (file: number) => `${layer} ${file}\n`.repeat(100);
    writeFiles(family, {
      [`${folder}/Dockerfile`]: lines(
        "# a layer",
        `FROM ${parent} AS build`,
        "ARG VERSION=1",
        "RUN make \\",
        "  VERSION=$VERSION",
        `FROM ${parent}`,
        "COPY --from=build /out /",
        "COPY --link src /src",
      ),
      [`${folder}/.dockerignore`]: "*.md\n.git\n**/*.tmp\n",
      ...Object.fromEntries(
        Array.from({ length: filesEach }, (_, file) => [`${folder}/src/d${file % 5}/f${file}.txt`, text(file)]),
      ),
    });
  }
}

if (require.main === module && process.argv[2] === "--once")
  process.stdout.write(String(readOnce(process.argv[3] as string)));
