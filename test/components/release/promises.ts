import assert from "node:assert/strict";
import type { Names } from "./ledger";
import type { Ended } from "./stacks";
import type { Move, WatchedRegistries } from "./watched-registries";

/** What a layer of a stack is to be. */
export interface Plan extends Names {
  readonly image: string;
  readonly held: boolean;
  readonly versions: ReadonlyMap<string, string>;
  /** The commit that its source says stands for it. */
  readonly changed: string | undefined;
  readonly repository: string;
  /** What its tags begin with. */
  readonly prefix: string;
  /** The repository that the image is copied from; undefined where it is built. */
  readonly from: string | undefined;
}

/** What is known of a layer of a stack; of its versions nothing before it had names. */
export interface Account extends Pick<Plan, "image" | "held"> {
  readonly versions: Plan["versions"] | undefined;
}

/** A tag that a stack has given. */
interface Promised {
  readonly owner: string;
  readonly layer: string;
  /** What it may name; several after an update that failed. */
  readonly may: ReadonlySet<string | undefined>;
}

/** What has been promised of tags, by stack and layer, and whether it is kept. */
export class Promises {
  private readonly accounts = new Map<string, Account>();
  /** By reference. */
  private readonly promised = new Map<string, Promised>();
  /** All that a stack has ever meant to name so: `stack reference digest`. */
  private readonly meant = new Set<string>();
  /** References that may never name anything else. */
  private readonly forever = new Set<string>();
  /** References that somebody has moved by hand, and whether a refresh has seen it. */
  private readonly byHand = new Map<string, { seen: boolean }>();
  /** What references named before the last update of them. */
  private readonly found = new Map<string, string | undefined>();
  private checked = 0;

  /** @param truth whether a digest is what a commit stands for in a repository */
  constructor(
    private readonly registries: WatchedRegistries,
    private readonly truth: (repository: string, tag: string, digest: string) => boolean,
  ) {}

  account(stack: string, layer: string): Account | undefined {
    return this.accounts.get(`${stack} ${layer}`);
  }

  /** Why what is to be cannot be. */
  refusals(plans: ReadonlyMap<string, Plan>): string[] {
    return [...plans.values()].flatMap(({ names, forever, image, repository, prefix, from }) => {
      const taken = [...forever].filter((tag) => {
        const found = this.registries.named(`${repository}:${prefix}${tag}`);
        return found !== undefined && found !== names.get(tag) && !this.registries.placeholders.has(found);
      });
      const there = this.registries.named(`${repository}:${prefix}${image.replace("sha256:", "d-")}`) === image;
      const missing = from !== undefined && !there && !this.registries.has(`${from}@${image}`);
      return [...taken.map((tag) => `${tag} is taken`), ...(missing ? [`${image} is not there`] : [])];
    });
  }

  /** What is about to be done. */
  mean(stack: string, plans: ReadonlyMap<string, Plan>): void {
    for (const { names, forever, repository, prefix } of plans.values()) {
      for (const [tag, digest] of names) {
        const ref = `${repository}:${prefix}${tag}`;
        this.meant.add(`${stack} ${ref} ${digest}`);
        this.found.set(ref, this.registries.named(ref));
        if (forever.has(tag)) this.forever.add(ref);
      }
    }
  }

  /** What came of it. @param plan undefined for a layer that gets no names from the stack @param keeps whether the stack's tags stay */
  settle(stack: string, layer: string, plan: Plan | undefined, ended: Ended, keeps: boolean): void {
    const ok = plan ? ended.done.includes(layer) : ended.problems.length === 0;
    const refs = new Map(
      [...(plan?.names ?? [])].map(([tag, digest]) => [`${plan?.repository}:${plan?.prefix}${tag}`, digest]),
    );
    const mine = [...this.promised].filter(([, { owner, layer: of }]) => owner === stack && of === layer);
    for (const [ref, { may, ...rest }] of mine) {
      // Yesterday's stay when today's come: all go together, in the end.
      if (keeps || plan) continue;
      if (ok) this.assertGone(ref, may);
      if (ok) this.promised.delete(ref);
      else this.promised.set(ref, { ...rest, may: new Set() });
    }
    for (const [ref, digest] of refs) {
      const before = this.promised.get(ref)?.may ?? new Set([this.found.get(ref)]);
      // Of tags that do not stay, what was given by an update that nobody remembers is left.
      const either = keeps && before.size > 0 ? [...before, digest] : [];
      const may = new Set(ok ? [digest] : either);
      this.promised.set(ref, { owner: stack, layer, may });
      if (ok && this.byHand.get(ref)?.seen) this.byHand.delete(ref);
    }
    this.remember(stack, layer, plan, ended, ok);
  }

  private remember(stack: string, layer: string, plan: Plan | undefined, ended: Ended, ok: boolean): void {
    const key = `${stack} ${layer}`;
    const before = this.accounts.get(key);
    if (!plan) {
      if (ok) this.accounts.delete(key);
      return;
    }
    const came = plan.from === undefined ? ok : ended.copied.includes(layer);
    const named = ok || ended.half.includes(layer);
    if (!before && !came && !named) return;
    const { image, held } = came ? plan : (before ?? plan);
    this.accounts.set(key, { image, held, versions: (named ? plan : before)?.versions });
  }

  /** A tag of a stack that is as it was promised, of which there are none in doubt. */
  tagOf(stack: string, index: number): { ref: string; digest: string; forever: boolean } | undefined {
    const certain = [...this.promised].flatMap(([ref, { owner, may }]) => {
      const [digest] = may;
      const right = digest !== undefined && may.size === 1 && this.registries.named(ref) === digest;
      return owner === stack && right && !this.byHand.has(ref) ? [{ ref, digest, forever: this.forever.has(ref) }] : [];
    });
    return certain[index % certain.length];
  }

  /** Somebody moves a tag, or takes it away. */
  move(ref: string, digest: string | undefined): void {
    this.registries.byHand(ref, digest);
    this.byHand.set(ref, { seen: false });
  }

  refreshed(stack: string): void {
    for (const [ref, { owner }] of this.promised)
      if (owner === stack && this.byHand.has(ref)) this.byHand.set(ref, { seen: true });
  }

  /** That each tag is where it should be, and that what a stack has just done to tags was its to do. */
  check(stack: string | undefined, keeps: boolean): void {
    for (const move of this.registries.moves.slice(this.checked)) this.assertAllowed(move, stack, keeps);
    this.checked = this.registries.moves.length;
    for (const [ref, { may, owner }] of this.promised) {
      const found = this.registries.named(ref);
      if (may.size > 0 && !this.byHand.has(ref)) {
        assert.ok(may.has(found), `${ref} of ${owner} names ${found} and should ${[...may].join(" or ")}`);
      }
    }
  }

  private assertAllowed({ ref, from, to }: Move, stack: string | undefined, keeps: boolean): void {
    const [repository, tag] = [ref.slice(0, ref.lastIndexOf(":")), ref.slice(ref.lastIndexOf(":") + 1)];
    const what = `${stack} moved ${ref} from ${from} to ${to}`;
    const was = from !== undefined && !this.registries.placeholders.has(from) ? from : undefined;
    if (to === undefined || this.registries.placeholders.has(to)) {
      assert.ok(!keeps, `${what}: its tags stay`);
      assert.ok(was === undefined || this.meant.has(`${stack} ${ref} ${was}`), `${what}: it had not given it`);
      return;
    }
    const [, contents] = /(?:^|-)([bd]-[0-9a-f]{64})$/.exec(tag) ?? [];
    const [commit] = /[0-9a-f]{40}$/.exec(tag) ?? [];
    if (contents !== undefined) assert.ok(contents.startsWith("b-") || to === contents.replace("d-", "sha256:"), what);
    else if (commit !== undefined) assert.ok(this.truth(repository, tag, to), `${what}: it is another commit's`);
    else assert.ok(this.meant.has(`${stack} ${ref} ${to}`), `${what}: nobody meant it`);
    if (contents !== undefined || commit !== undefined || this.forever.has(ref)) {
      assert.ok(was === undefined || was === to, `${what}: it must never move`);
    }
  }

  private assertGone(ref: string, may: ReadonlySet<string | undefined>): void {
    if (may.size !== 1 || this.byHand.has(ref) || this.registries.deletes === "never") return;
    assert.equal(this.registries.named(ref), undefined, `${ref} was to go`);
  }
}
