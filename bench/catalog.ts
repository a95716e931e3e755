import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { readCatalog } from "../components/catalog/catalog";
import { FileHashes } from "../components/catalog/file-hashes";
import { root } from "../tools/home";
import { table } from "../tools/terminal";

/**
 * Times the reading of catalogs: without any hash kept, and again. Each reading is a process of its own; what counts is from
 * the call to the result.
 *
 * usage: npm run bench:catalog
 */
const sizes = [
  [100, 4_000],
  [250, 10_000],
  [500, 20_000],
] as const;
const runs = 5;

async function main(): Promise<void> {
  const rows = [];
  for (const [layers, files] of sizes) {
    const family = join(root, `.strata/bench/catalog-${layers}`);
    writeFamily(family, layers, files);
    const hashes = join(family, "hashes.json");
    // So that the files count as settled.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const cold = await median(family, () => rmSync(hashes, { force: true }));
    const again = await median(family, () => {});
    rows.push([String(layers), String(files), `${Math.round(cold)} ms`, `${Math.round(again)} ms`]);
  }
  process.stdout.write(`${table(["layers", "files", "cold", "again"], rows)}\n`);
}

async function median(family: string, prepare: () => void): Promise<number> {
  const times = [];
  for (let run = 0; run < runs; run++) {
    prepare();
    const once = ["-r", "ts-node/register/transpile-only", __filename, "--once", family];
    const { stdout } = await execa(process.execPath, once, { cwd: root, timeout: 60_000 });
    times.push(Number(stdout));
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] as number;
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
function writeFamily(family: string, layers: number, files: number): void {
  rmSync(family, { recursive: true, force: true });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(family, path)), { recursive: true });
    writeFileSync(join(family, path), text);
  };
  for (let layer = 0; layer < layers; layer++) {
    const parent = layer === 0 ? "debian:12" : `l${Math.floor((layer - 1) / 3)}`;
    const folder = `images/l${layer}`;
    const steps = ["ARG VERSION=1", "RUN make \\", "  VERSION=$VERSION", `FROM ${parent}`, "COPY --from=build /out /"];
    write(
      `${folder}/Dockerfile`,
      ["# a layer", `FROM ${parent} AS build`, ...steps, "COPY --link src /src", ""].join("\n"),
    );
    write(`${folder}/.dockerignore`, "*.md\n.git\n**/*.tmp\n");
    for (let file = 0; file < files / layers; file++) {
      write(`${folder}/src/d${file % 5}/f${file}.txt`, `${layer} ${file}\n`.repeat(100));
    }
  }
}

if (process.argv[2] === "--once") process.stdout.write(String(readOnce(process.argv[3] as string)));
else
  main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
