import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../tools/home";
import type { ContenderId } from "./schedule";

const bake = ["bench/contenders/bake.ts", "components/catalog/bake*.ts"];
const monolith = ["bench/contenders/monolith*.ts"];
const program = [
  "components/**",
  "tools/plan/**",
  "tools/stack/**",
  "bin/**",
  "index.ts",
  "Pulumi.yaml",
  "package-lock.json",
];

/** Of each contender, the files that its figures rest on. */
const filesOf: Readonly<Record<ContenderId, readonly string[]>> = {
  a1: monolith,
  a2: monolith,
  b: ["bench/contenders/path-filters.ts"],
  c: bake,
  cz: bake,
  d: ["bench/contenders/provider.ts", "package-lock.json", "tsconfig.json"],
  e: ["bench/contenders/strata.ts", ...program],
};

/** What figures rest on, so that those of another program are not taken for those of this one. */
export class Hashes {
  private readonly known = new Map<string, string>();

  /** Of what builds the images, and what it is built on. */
  code(contender: ContenderId): string {
    return this.hashOf(["bench/contenders/contender.ts", "bench/services.ts", ...filesOf[contender]]);
  }

  /** Of the images. */
  family(name: string): string {
    return this.hashOf(["bench/families/*", "upstreams.yaml", ...(name === "sindri" ? ["images/**"] : [])]);
  }

  private hashOf(patterns: readonly string[]): string {
    const key = patterns.join(" ");
    const found = this.known.get(key) ?? hashOfFiles(patterns);
    this.known.set(key, found);
    return found;
  }
}

function hashOfFiles(patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of globSync([...patterns], { cwd: root }).sort()) {
    if (statSync(join(root, path)).isFile()) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 12);
}
