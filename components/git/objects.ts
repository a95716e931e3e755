import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { GitError, gitEnvironment, timeLimit } from "./git";

/** An entry of a folder in a commit. */
export interface TreeEntry {
  readonly kind: "file" | "folder" | "link" | "submodule";
  /** Whether its owner may execute it. */
  readonly executable: boolean;
  /** The object's id: equal ids are equal contents. */
  readonly id: string;
}

/** A folder in a commit. */
export type GitTree = ReadonlyMap<string, TreeEntry>;

export interface GitCommit {
  readonly id: string;
  /** The id of its top folder. */
  readonly tree: string;
  readonly parents: readonly string[];
}

/** The objects of a repository, each read once, by one `git cat-file --batch` that runs until `close`. */
export class GitObjects {
  /** Folders of which `CommitFiles` has fetched all that a catalog is read from. */
  readonly whole = new Set<string>();
  private readonly trees = new Map<string, GitTree>();
  private readonly blobs = new Map<string, Buffer>();
  private readonly commits = new Map<string, GitCommit>();
  private readonly links = new Map<string, Promise<ReadonlyMap<string, string>>>();
  private readonly waiting: { id: string; resolve: (bytes: Buffer) => void; reject: (error: Error) => void }[] = [];
  private chunks: Buffer[] = [];
  private length = 0;
  /** How many bytes the answer has that is being read; 0 while that is not known. */
  private needed = 0;
  private running: ChildProcessWithoutNullStreams | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly root: string) {}

  /** @throws GitError where there is no such commit here */
  async commit(id: string): Promise<GitCommit> {
    const known = this.commits.get(id);
    if (known) return known;
    const text = (await this.read(id)).toString("utf8");
    const header = text.slice(0, text.indexOf("\n\n")).split("\n");
    const values = (key: string) =>
      header.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
    const commit = { id, tree: values("tree")[0] as string, parents: values("parent") };
    this.commits.set(id, commit);
    return commit;
  }

  async tree(id: string): Promise<GitTree> {
    const tree = this.trees.get(id) ?? readTree(await this.read(id), id.length / 2);
    this.trees.set(id, tree);
    return tree;
  }

  async blob(id: string): Promise<Buffer> {
    const blob = this.blobs.get(id) ?? (await this.read(id));
    this.blobs.set(id, blob);
    return blob;
  }

  /** The submodules in a folder, at any depth: by path the commit that each is at. @param id of the folder */
  submodules(id: string): Promise<ReadonlyMap<string, string>> {
    const known = this.links.get(id);
    if (known) return known;
    const found = this.findSubmodules(id);
    this.links.set(id, found);
    return found;
  }

  private async findSubmodules(id: string): Promise<ReadonlyMap<string, string>> {
    const inside = [...(await this.tree(id))].map(async ([name, entry]): Promise<[string, string][]> => {
      if (entry.kind === "submodule") return [[name, entry.id]];
      if (entry.kind !== "folder") return [];
      return [...(await this.submodules(entry.id))].map(([path, commit]) => [`${name}/${path}`, commit]);
    });
    return new Map((await Promise.all(inside)).flat());
  }

  /** Undefined for one that was not read yet. */
  knownCommit(id: string): GitCommit | undefined {
    return this.commits.get(id);
  }

  knownTree(id: string): GitTree | undefined {
    return this.trees.get(id);
  }

  knownBlob(id: string): Buffer | undefined {
    return this.blobs.get(id);
  }

  close(): void {
    this.running?.stdin.end();
    this.running = undefined;
    clearTimeout(this.timer);
  }

  private read(id: string): Promise<Buffer> {
    const running = this.start();
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      running.stdin.write(`${id}\n`);
      this.watch();
    });
  }

  private start(): ChildProcessWithoutNullStreams {
    if (this.running) return this.running;
    const running = spawn("git", ["-C", this.root, "cat-file", "--batch"], { env: gitEnvironment() });
    this.running = running;
    const fail = (error: Error) => {
      this.running = undefined;
      clearTimeout(this.timer);
      for (const { reject } of this.waiting.splice(0)) reject(error);
    };
    let said = "";
    running.stderr.on("data", (text: Buffer) => (said += text));
    running.stdout.on("data", (chunk: Buffer) => this.take(chunk));
    running.stdin.on("error", () => {});
    running.on("error", () => fail(new GitError("there is no git on PATH")));
    running.on("close", () => fail(new GitError(said.trim().split("\n")[0] || "git cat-file ended")));
    return running;
  }

  /** Each answer has its time; a clone that has left out contents fetches them now. */
  private watch(): void {
    clearTimeout(this.timer);
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.running?.kill("SIGKILL"), timeLimit);
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length < this.needed) return;
    let bytes = Buffer.concat(this.chunks);
    while (bytes.length > 0) {
      const end = bytes.indexOf(10);
      if (end === -1) break;
      const head = bytes.toString("utf8", 0, end);
      const size = / (?:commit|tree|blob|tag) (\d+)$/.exec(head)?.[1];
      const whole = end + 1 + (size === undefined ? 0 : Number(size) + 1);
      this.needed = whole;
      if (bytes.length < whole) break;
      const asked = this.waiting.shift();
      if (size === undefined) asked?.reject(new GitError(`the repository does not have the object ${head}`));
      else asked?.resolve(Buffer.from(bytes.subarray(end + 1, whole - 1)));
      bytes = bytes.subarray(whole);
      this.needed = 0;
    }
    this.chunks = bytes.length > 0 ? [bytes] : [];
    this.length = bytes.length;
    this.watch();
  }
}

/** `mode name\0id…`, the id in bytes. */
function readTree(bytes: Buffer, idLength: number): GitTree {
  const entries = new Map<string, TreeEntry>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const zero = bytes.indexOf(0, space);
    const mode = bytes.toString("latin1", at, space);
    at = zero + 1 + idLength;
    const kind = mode === "40000" ? "folder" : mode === "120000" ? "link" : mode === "160000" ? "submodule" : "file";
    entries.set(bytes.toString("utf8", space + 1, zero), {
      kind,
      executable: mode === "100755",
      id: bytes.toString("hex", zero + 1, at),
    });
  }
  return entries;
}
