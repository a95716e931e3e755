import { createHash } from "node:crypto";
import { FakeRegistries } from "./fake-registries";
import { platforms } from "./stacks";

/** app stands on base. */
export const layers = ["base", "app"] as const;
export type Layer = (typeof layers)[number];

/** What is checked out: by layer what it is made of with all beneath it, and the commit that last changed that. */
export type Checkout = Readonly<Record<Layer, { readonly made: string; readonly changed: string | undefined }>>;

type Branch = "dev" | "pr-7";
type Contents = Readonly<Record<Layer, number>>;

interface Commit {
  readonly id: string;
  readonly contents: Contents;
}

/** The commits of two branches, each with a work tree. */
export class Branches {
  /** `commit layer` → digest */
  private readonly truth = new Map<string, string>();
  private readonly branches: Record<Branch, readonly Commit[]>;
  /** What is in a work tree and in no commit. */
  private readonly edits: Partial<Record<Branch, Contents>> = {};

  constructor() {
    const first = [this.commit({ base: 0, app: 0 })];
    this.branches = { dev: first, "pr-7": first };
  }

  edit(branch: Branch, layer: Layer, content: number, committed: boolean): void {
    const contents = { ...(this.edits[branch] ?? this.head(branch).contents), [layer]: content };
    delete this.edits[branch];
    if (committed) this.branches[branch] = [...this.branches[branch], this.commit(contents)];
    else this.edits[branch] = contents;
  }

  /** Back to an older commit; 0 only drops what is in none. */
  back(branch: Branch, commits: number): void {
    delete this.edits[branch];
    const all = this.branches[branch];
    this.branches[branch] = all.slice(0, Math.max(1, all.length - commits));
  }

  /** A branch is at another's newest commit: a new pull request, or a merge. */
  follow(branch: Branch, other: Branch): void {
    delete this.edits[branch];
    this.branches[branch] = this.branches[other];
  }

  checkout(branch: Branch): Checkout {
    const commits = [...this.branches[branch]].reverse();
    const now = madeOf(this.edits[branch] ?? this.head(branch).contents);
    const changed = (layer: Layer) => {
      const other = commits.findIndex(({ contents }) => madeOf(contents)[layer] !== now[layer]);
      return other === -1 ? commits.at(-1)?.id : commits[other - 1]?.id;
    };
    const of = (layer: Layer) => ({ made: now[layer], changed: changed(layer) });
    return { base: of("base"), app: of("app") };
  }

  /** What a commit stands for. */
  digest(commit: string, layer: Layer): string | undefined {
    return this.truth.get(`${commit} ${layer}`);
  }

  /** Of a layer any image that some commit stands for. */
  anyDigest(layer: Layer, index: number): string {
    const all = [...this.truth].flatMap(([key, digest]) => (key.endsWith(` ${layer}`) ? [digest] : []));
    return all[index % all.length] as string;
  }

  private head(branch: Branch): Commit {
    return this.branches[branch].at(-1) as Commit;
  }

  private commit(contents: Contents): Commit {
    const id = createHash("sha1").update(`commit ${this.truth.size}`).digest("hex");
    for (const layer of layers) this.truth.set(`${id} ${layer}`, digestOf(madeOf(contents)[layer]));
    return { id, contents };
  }
}

function madeOf({ base, app }: Contents): Record<Layer, string> {
  return { base: `base ${base}`, app: `app ${app} on base ${base}` };
}

/** The same contents have the same digest wherever they are built. */
export function digestOf(made: string): string {
  const digest = digests.get(made) ?? new FakeRegistries().push("any.example/any:any", made, { platforms });
  digests.set(made, digest);
  return digest;
}

const digests = new Map<string, string>();
