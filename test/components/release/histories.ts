import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Catalog, surveyCatalog } from "../../../components/catalog/catalog";
import { readUpstreams } from "../../../components/catalog/upstreams";
import { withFolder } from "../catalog/folder";

/** What a commit has: path → text. */
export type Files = Readonly<Record<string, string>>;

export interface Commit {
  readonly files: Files;
  /** Earlier commits, by their place in the history. */
  readonly parents: readonly number[];
}

export const configFiles = ["Pulumi.dev.yaml", "Pulumi.yaml"] as const;
export const source = { images: "images", pinsFile: "upstreams.yaml", configFiles };

/** A repository with a work tree, for a test. */
export class Repository {
  constructor(readonly folder: string) {}

  git(...args: string[]): string {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    const given = ["-c", "protocol.file.allow=always", ...identity];
    return execFileSync("git", ["-C", this.folder, ...given, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  commit(path: string, text: string, message = path): string {
    this.write(path, text);
    return this.commitAll(message);
  }

  commitAll(message: string): string {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
    return this.git("rev-parse", "HEAD");
  }

  get catalog(): Catalog {
    return catalogIn(this.folder);
  }
}

/** Calls the action with a repository whose first commit has the files. */
export function withRepository<T>(
  files: Files,
  action: (repository: Repository, first: string) => Promise<T>,
): Promise<T> {
  return withFolder(files, async (folder) => {
    const repository = new Repository(folder);
    repository.git("init", "--quiet", "--initial-branch=main");
    return action(repository, repository.commitAll("first"));
  });
}

/** The family of a folder, by what its configuration says; paths begin with the folder's. */
export function catalogIn(folder: string, images = "images", platforms = ["linux/amd64"]): Catalog {
  const upstreams = readUpstreams(join(folder, "upstreams.yaml"));
  const where = { images: join(folder, images), root: folder, upstreams, pinsFile: "upstreams.yaml" };
  return surveyCatalog({ ...where, platforms }).layers;
}

/**
 * Makes a repository of a history by `git fast-import`, and checks its last commit out.
 *
 * @returns the ids of the commits
 */
export function importHistory(folder: string, history: readonly Commit[]): string[] {
  const repository = new Repository(folder);
  repository.git("init", "--quiet", "--initial-branch=main");
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const script = history.map(({ files, parents: [first, ...others] }, index) =>
    [
      `commit refs/heads/main\nmark :${index + 1}\ncommitter a <a@example.org> ${1700000000 + index} +0000\n`,
      data(`commit ${index}`),
      first === undefined ? "" : `from :${first + 1}\n`,
      ...others.map((parent) => `merge :${parent + 1}\n`),
      "deleteall\n",
      ...Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
      "\n",
    ].join(""),
  );
  const marks = join(folder, ".git/marks");
  execFileSync("git", ["-C", folder, "fast-import", "--quiet", "--force", `--export-marks=${marks}`], {
    input: script.join(""),
  });
  repository.git("reset", "--quiet", "--hard");
  const ids = readFileSync(marks, "utf8").trim().split("\n");
  // `:1 <id>`, in any order
  const byMark = new Map(ids.map((line) => line.split(" ") as [string, string]));
  return history.map((_, index) => byMark.get(`:${index + 1}`) as string);
}
