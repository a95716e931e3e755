import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../catalog/sha256";

/** Of so many commits answers are kept, the last asked for first. */
const mostCommits = 50;

interface Kept {
  readonly key: string;
  /** By commit and layer. */
  readonly commits: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Which commit last changed each layer, kept in a file. A commit never changes, and what else the answers depend on is the key: where that is
 * another one, nothing counts as known.
 */
export class KnownChanges {
  private readonly key: string;
  private commits: Kept["commits"];

  /**
   * @param file what is no such file counts as empty
   * @param setting all that answers depend on beside commits
   */
  constructor(
    private readonly file: string,
    setting: unknown,
  ) {
    this.key = sha256(JSON.stringify([readers(), setting]));
    const kept = readKept(file);
    this.commits = kept?.key === this.key ? kept.commits : {};
  }

  of(commit: string, layer: string): string | undefined {
    return Object.hasOwn(this.commits, commit) ? this.commits[commit]?.[layer] : undefined;
  }

  /** Writes what is known now; two programs at once do not harm each other. Not being able to is no error. */
  add(commit: string, changes: ReadonlyMap<string, string>): void {
    const own = Object.fromEntries([...Object.entries(this.commits[commit] ?? {}), ...changes]);
    if (JSON.stringify(own) === JSON.stringify(this.commits[commit])) return;
    const others = Object.entries(this.commits).filter(([other]) => other !== commit);
    this.commits = Object.fromEntries([[commit, own], ...others].slice(0, mostCommits));
    const unfinished = `${this.file}.${process.pid}`;
    try {
      mkdirSync(dirname(this.file), { recursive: true });
      writeFileSync(unfinished, JSON.stringify({ key: this.key, commits: this.commits } satisfies Kept));
      renameSync(unfinished, this.file);
    } catch {
      // The next run finds out anew.
    }
  }
}

/** What reads families: with another one, the same commit may give another answer. */
function readers(): string {
  const folder = join(__dirname, "..");
  const files = ["catalog", "git", "release", "stack-config.ts"].flatMap((name) => sources(join(folder, name)));
  return sha256(files.map((file) => readFileSync(file, "utf8")).join("\0"));
}

function sources(path: string): string[] {
  if (path.endsWith(".ts")) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith(".ts"))
    .map((entry) => join(path, entry.name))
    .sort()
    .flatMap(sources);
}

function readKept(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
    return typeof kept.commits === "object" ? kept : undefined;
  } catch {
    return undefined;
  }
}
