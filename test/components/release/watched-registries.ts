import { FakeRegistries } from "./fake-registries";

/** What came to a tag: what it named before and names now. */
export interface Move {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Registries that write down each move of a tag, the shortest-lived too, and collect garbage. */
export class WatchedRegistries extends FakeRegistries {
  readonly moves: Move[] = [];
  /** What was attached to an image by hand, with what names it. */
  readonly attached: { readonly repository: string; readonly subject: string; readonly digest: string }[] = [];

  override tag(ref: string, digest: string): void {
    const from = this.named(ref);
    super.tag(ref, digest);
    if (from !== digest) this.moves.push({ ref, from, to: digest });
  }

  protected override deleteTag(ref: string, half: boolean): void {
    const from = this.named(ref);
    try {
      super.deleteTag(ref, half);
    } finally {
      const to = this.named(ref);
      if (from !== to) this.moves.push({ ref, from, to });
    }
  }

  named(ref: string): string | undefined {
    const colon = ref.lastIndexOf(":");
    return this.repositories.get(ref.slice(0, colon))?.tags.get(ref.slice(colon + 1));
  }

  /** What nobody writes down. @param digest undefined to take the tag away */
  byHand(ref: string, digest: string | undefined): void {
    const colon = ref.lastIndexOf(":");
    const tags = this.repositories.get(ref.slice(0, colon))?.tags;
    if (digest === undefined) tags?.delete(ref.slice(colon + 1));
    else tags?.set(ref.slice(colon + 1), digest);
  }

  /** Deletes all that no tag leads to, as registries do from time to time. */
  collect(): void {
    for (const [repository, { tags, contents }] of this.repositories) {
      const roots = new Set(tags.values());
      const needed = new Set([...roots].flatMap((digest) => [...this.whole(repository, digest, { referrers: true })]));
      for (const digest of [...contents.keys()]) if (!needed.has(digest)) contents.delete(digest);
    }
  }
}
