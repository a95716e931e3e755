import { createHash } from "node:crypto";
import type { Registries } from "../../../components/release/provider/registries";

interface Repository {
  readonly tags: Map<string, string>;
  /** By digest, manifests and blobs. */
  readonly contents: Map<string, string>;
}

/** Registries in memory, which do what regctl 0.11 has real ones do. */
export class FakeRegistries implements Registries {
  readonly repositories = new Map<string, Repository>();
  /** What was asked and told, as a command line. */
  readonly calls: string[] = [];
  readonly said: string[] = [];
  /** What has ever been put in the place of a tag, by its digest. */
  readonly placeholders = new Set<string>();
  /** What a call fails with. A call that fails afterwards was done, and of a copy that fails halfway all but its manifest. */
  fault: (call: string) => { readonly error: Error; readonly when?: "before" | "halfway" | "afterwards" } | undefined =
    () => undefined;
  /**
   * Whether the registry can take tags away: by name, by an image in their place whose digest is deleted, or not. It may delete an image
   * with its last tag, or with any.
   */
  deletes: "tag" | "digest" | "never" | "last tag with its image" | "tag with its image" = "tag";

  readonly say = (severity: string, message: string) => void this.said.push(`${severity}: ${message}`);

  ask = (args: readonly string[]): Promise<string | undefined> => this.call(args, () => this.answer(args));

  tell = async (args: readonly string[]): Promise<void> => {
    await this.call(args, () => this.change(args));
  };

  /** Puts an image there. @returns its digest */
  push(
    ref: string,
    bytes: string,
    {
      platforms = ["linux/amd64"],
      labels = {},
    }: { platforms?: readonly string[]; labels?: Record<string, string> } = {},
  ): string {
    const { repository } = split(ref);
    const manifests = platforms.map((platform) => {
      const [os, architecture] = platform.split("/");
      const config = this.put(repository, JSON.stringify({ os, architecture, bytes, config: { Labels: labels } }));
      const digest = this.put(repository, JSON.stringify({ config: { digest: config }, layers: [] }));
      return { digest, platform: { os, architecture } };
    });
    const digest = this.put(repository, JSON.stringify({ manifests }));
    this.tag(ref, digest);
    return digest;
  }

  /** Attaches a manifest to another one of a repository. @returns its digest */
  attach(repository: string, subject: string, bytes: string): string {
    return this.put(repository, JSON.stringify({ subject: { digest: subject }, layers: [], bytes }));
  }

  /**
   * All that a manifest consists of, itself last, as far as it is there.
   *
   * @param referrers whether what is attached to any of it belongs to it
   */
  whole(repository: string, digest: string, { referrers = false } = {}): Set<string> {
    const { contents } = this.of(repository);
    const text = contents.get(digest);
    if (text === undefined) return new Set();
    const parts = partsOf(text);
    const attached = referrers
      ? [...contents.keys()].filter((key) => partsOf(contents.get(key)).subject === digest)
      : [];
    const found = [...parts.holds, ...attached].flatMap((part) => [...this.whole(repository, part, { referrers })]);
    return new Set([...found, digest]);
  }

  tag(ref: string, digest: string): void {
    const { repository, name } = split(ref);
    this.of(repository).tags.set(name, digest);
  }

  tags(repository: string): Record<string, string> {
    return Object.fromEntries(this.of(repository).tags);
  }

  has(ref: string): boolean {
    const { repository, name } = split(ref);
    return this.of(repository).contents.has(name);
  }

  /** What was told, not asked. */
  get writes(): string[] {
    return this.calls.filter((call) => /^(image copy|tag delete)/.test(call));
  }

  private of(repository: string): Repository {
    const found = this.repositories.get(repository) ?? { tags: new Map(), contents: new Map() };
    this.repositories.set(repository, found);
    return found;
  }

  private put(repository: string, text: string): string {
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    this.of(repository).contents.set(digest, text);
    return digest;
  }

  private async call<T>(args: readonly string[], action: () => T): Promise<T> {
    const call = args.join(" ");
    this.calls.push(call);
    const failure = this.fault(call);
    const { when = "before" } = failure ?? {};
    if (failure && when === "before") throw failure.error;
    // As slow as anything real: others come in between.
    await new Promise(setImmediate);
    const answer = when === "halfway" ? this.half(args) : action();
    if (failure) throw failure.error;
    return answer as T;
  }

  private answer(args: readonly string[]): string | undefined {
    const [verb, ref = "", digest = ""] = [args.slice(0, 2).join(" "), args[2], args[3]];
    if (verb === "tag ls") return [...this.of(ref).tags.keys()].join("\n");
    if (verb === "blob get") return this.of(ref).contents.get(digest);
    const { repository, name } = split(ref);
    const { tags, contents } = this.of(repository);
    const named = name.startsWith("sha256:") ? (contents.has(name) ? name : undefined) : tags.get(name);
    if (verb === "image digest") return named && `${named}\n`;
    if (verb === "manifest get") return named && contents.get(named);
    throw new Error(`nobody asks ${args.join(" ")}`);
  }

  private half(args: readonly string[]): void {
    if (/^(image copy|tag delete)$/.test(args.slice(0, 2).join(" "))) this.change(args, true);
  }

  private change(args: readonly string[], half = false): void {
    const verb = args.slice(0, 2).join(" ");
    const [first = "", second = ""] = args.slice(2).filter((arg) => !arg.startsWith("--"));
    if (verb === "image copy") this.copy([first, second], { referrers: args.includes("--referrers"), half });
    else if (verb === "tag delete") this.deleteTag(first, half);
    else throw new Error(`nobody has ${args.join(" ")} done`);
  }

  private copy([from, to]: readonly [string, string], { referrers = false, half = false } = {}): void {
    const source = split(from);
    const target = split(to);
    const { tags, contents } = this.of(source.repository);
    const digest = source.name.startsWith("sha256:") ? source.name : tags.get(source.name);
    if (digest === undefined || !contents.has(digest)) throw new Error(`${from}: not found [http 404]`);
    for (const key of this.whole(source.repository, digest, { referrers })) {
      if (half && key === digest) return;
      this.of(target.repository).contents.set(key, contents.get(key) as string);
    }
    this.tag(to, digest);
  }

  protected deleteTag(ref: string, half: boolean): void {
    const { repository, name } = split(ref);
    const { tags, contents } = this.of(repository);
    if (this.deletes === "digest" || this.deletes === "never") {
      const config = this.put(repository, JSON.stringify({ config: { Labels: { "delete-tag": name } } }));
      const placeholder = this.put(repository, JSON.stringify({ config: { digest: config }, layers: [] }));
      this.placeholders.add(placeholder);
      tags.set(name, placeholder);
      if (half) return;
      if (this.deletes === "never") throw new Error("failed deleting dummy manifest: unsupported [http 405]");
      contents.delete(placeholder);
    }
    if (half) return;
    const digest = tags.get(name) ?? "";
    tags.delete(name);
    const last = ![...tags.values()].includes(digest);
    if (this.deletes === "tag with its image" || (this.deletes === "last tag with its image" && last)) {
      contents.delete(digest);
    }
  }
}

function split(ref: string): { repository: string; name: string } {
  const at = ref.includes("@") ? ref.indexOf("@") : ref.lastIndexOf(":");
  return { repository: ref.slice(0, at), name: ref.slice(at + 1) };
}

interface Parts {
  readonly holds: readonly string[];
  readonly subject: string | undefined;
}

/** What a manifest consists of, and what it is attached to. */
function partsOf(text = "{}"): Parts {
  const known = read.get(text) ?? readParts(text);
  read.set(text, known);
  return known;
}

/** By text: the same are read again and again. */
const read = new Map<string, Parts>();

function readParts(text: string): Parts {
  const { manifests = [], config, subject } = JSON.parse(text);
  const holds = [...manifests, ...(config ? [config] : [])].flatMap(({ digest }) => (digest ? [digest] : []));
  return { holds, subject: subject?.digest };
}
