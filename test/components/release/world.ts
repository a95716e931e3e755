import assert from "node:assert/strict";
import semver from "semver";
import type { Hold } from "../../../components/release/hold";
import { Branches, type Checkout, digestOf, type Layer, layers } from "./branches";
import type { FakeRegistries } from "./fake-registries";
import { namesFor } from "./ledger";
import { type Plan, Promises } from "./promises";
import { type Config, platforms, Stack } from "./stacks";
import type { Trouble } from "./troubled-provider";
import { WatchedRegistries } from "./watched-registries";

export type Builds = "dev" | "pr-7";
export type Promotes = "staging" | "prod";
export type StackName = Builds | Promotes;

/** What differs between two worlds. */
export interface Setup {
  /** Whether all layers share one repository. */
  readonly together: boolean;
  /** Whether staging gives names to what is in dev's repositories. */
  readonly shared: boolean;
  readonly deletes: FakeRegistries["deletes"];
}

/** What a stack tells others of a layer. */
interface Told extends Pick<Plan, "versions" | "changed"> {
  readonly digest: string;
  readonly repository: string;
}

const templates: Readonly<Record<StackName, readonly string[]>> = {
  dev: ["latest", "edge", "{commit}", "{version}"],
  "pr-7": ["pr-{n}", "pr-{n}-{sha}"],
  staging: ["tested", "{commit}", "{version}"],
  prod: ["latest", "stable", "{commit}", "{version}"],
};

const sources: Readonly<Partial<Record<StackName, StackName>>> = { staging: "dev", prod: "staging" };

/** A history, four stacks and what is promised of them. */
export class World {
  readonly registries = new WatchedRegistries();
  readonly stacks: Readonly<Record<StackName, Stack>>;
  private readonly promises: Promises;
  readonly branches = new Branches();
  private readonly told = new Map<StackName, ReadonlyMap<Layer, Told>>();
  private readonly attached: { readonly repository: string; readonly subject: string; readonly digest: string }[] = [];

  /** @param count is told what came to pass */
  constructor(
    { together, shared, deletes }: Setup,
    private readonly count: (what: string) => void,
  ) {
    this.registries.deletes = deletes;
    const config = (name: StackName, registry: string, organisation: string): Config => ({
      registry,
      organisation,
      repository: together ? "{registry}/{organisation}/images" : "{registry}/{organisation}/{name}",
      releaseTags: templates[name],
      keepTags: name !== "pr-7",
      versions: {},
      hold: {},
    });
    const stack = (name: StackName, registry: string, organisation: string, source?: Stack) =>
      new Stack(name, config(name, registry, organisation), this.registries, source);
    const dev = stack("dev", "one.example", "acme");
    const staging = stack("staging", "one.example", shared ? "acme" : "staging");
    this.stacks = {
      dev,
      staging,
      "pr-7": stack("pr-7", "one.example", "acme", dev),
      prod: stack("prod", "two.example", "acme"),
    };
    this.promises = new Promises(this.registries, (repository, tag, digest) => {
      const id = tag.slice(-40);
      return layers.some((layer) => {
        const own = Object.values(this.stacks).map((stack) => stack.placeOf(layer));
        const here = own.some((place) => place.repository === repository && tag === `${place.tagPrefix}${id}`);
        return here && this.branches.digest(id, layer) === digest;
      });
    });
  }

  /** An update, which fails where it has a reason, and only there. @returns whether it ended well */
  async up(name: StackName, trouble?: Trouble): Promise<boolean> {
    const stack = this.stacks[name];
    const source = sources[name];
    const checkout = this.branches.checkout(name === "pr-7" ? name : "dev");
    const plans = this.plansOf(name, checkout);
    const problems = typeof plans === "string" ? [plans] : this.promises.refusals(plans);
    if (typeof plans !== "string") this.promises.mean(name, plans);
    const known = new Set(source ? this.copiesIn(stack) : []);
    const ended = await (source ? stack.promote(this.stacks[source], trouble) : stack.build(checkout, trouble));
    if (!ended.disturbed) {
      const why = `${name} ended with [${ended.problems.join("; ")}], and there was reason for [${problems.join("; ")}]`;
      assert.equal(ended.problems.length > 0, problems.length > 0, why);
    }
    const ok = ended.problems.length === 0;
    this.count(ok ? `up ${name}` : ended.disturbed ? (trouble?.killed ? "killed" : "failed") : "refused");
    if (typeof plans === "string") {
      assert.deepEqual([ended.copied, ended.done], [[], []], `${name} is refused as a whole`);
      return ok;
    }
    for (const layer of layers) this.promises.settle(name, layer, plans.get(layer), ended, stack.config.keepTags);
    if (layers.every((layer) => !plans.has(layer) || ended.done.includes(layer))) this.told.set(name, toldOf(plans));
    for (const ref of this.copiesIn(stack)) if (!known.has(ref)) this.assertWithReferrers(ref, plans);
    this.check(name);
    return ok;
  }

  /** @param removed whether the stack goes with it, and its file */
  async destroy(name: StackName, removed: boolean, trouble?: Trouble): Promise<void> {
    const stack = this.stacks[name];
    const ended = await stack.destroy(trouble);
    if (!ended.disturbed) assert.deepEqual(ended.problems, []);
    for (const layer of layers) this.promises.settle(name, layer, undefined, ended, stack.config.keepTags);
    this.check(name);
    if (ended.problems.length > 0) return;
    this.told.delete(name);
    stack.config.hold = {};
    if (removed) stack.config.versions = {};
    this.count(`destroy ${name}`);
  }

  /** Gives the image of a layer a version; where that is refused, nobody asks for it any more. */
  async release(name: StackName, layer: Layer, version: string, trouble?: Trouble): Promise<void> {
    const { config } = this.stacks[name];
    const before = config.versions;
    config.versions = { ...before, [layer]: version };
    if (await this.up(name, trouble)) this.count(`release ${name}`);
    else if (!trouble) config.versions = before;
  }

  /** @param at undefined for a file that does not say anything of it */
  async hold(name: Promotes, layer: Layer, at: Hold | undefined, trouble?: Trouble): Promise<void> {
    const { config } = this.stacks[name];
    const before = config.hold;
    const { [layer]: _, ...others } = before;
    if (at === true && !this.promises.account(name, layer)) return;
    config.hold = at === undefined ? others : { ...others, [layer]: at };
    if (await this.up(name, trouble)) this.count(`hold ${typeof at === "string" ? "image" : at}`);
    else if (!trouble) config.hold = before;
  }

  /** The image that a stack had so many images ago; undefined for none. */
  before(name: Promotes, layer: Layer, back: number): string | undefined {
    return this.stacks[name].outputs[layer]?.before?.[back - 1];
  }

  /** Attaches a signature or the like to what a stack has. */
  attach(name: StackName, layer: Layer, bytes: string): void {
    const told = this.told.get(name)?.get(layer);
    if (!told) return;
    const digest = this.registries.attach(told.repository, told.digest, bytes);
    this.attached.push({ repository: told.repository, subject: told.digest, digest });
    this.count("attach");
  }

  /** Somebody moves a tag, or takes it away; a refresh sees it and the next update puts it back, or refuses what must never move. */
  async byHand(name: StackName, index: number, away: boolean, refresh: boolean): Promise<void> {
    const tag = this.promises.tagOf(name, index);
    if (!tag || (tag.forever && !refresh)) return;
    const { ref, digest, forever } = tag;
    // Whether a stack that promotes knows the commit of an image that was held is not foretold here.
    if (sources[name] && /[0-9a-f]{40}$/.test(ref)) return;
    const others = Object.values(this.registries.tags(ref.slice(0, ref.lastIndexOf(":"))));
    const other = away ? undefined : others.find((one) => one !== digest);
    if (!away && other === undefined) return;
    this.promises.move(ref, other);
    this.count(away ? "taken away by hand" : "moved by hand");
    if (!refresh) return;
    await this.refresh(name);
    const ok = await this.up(name);
    if (!forever || away) return;
    this.count("moved for ever by hand");
    assert.ok(!ok || this.registries.named(ref) === other, `${ref} must never move, not even back`);
    this.promises.move(ref, digest);
    await this.refresh(name);
    await this.up(name);
  }

  async refresh(name: StackName): Promise<void> {
    await this.stacks[name].refresh();
    this.promises.refreshed(name);
  }

  collect(): void {
    this.registries.collect();
    this.check();
    this.count("collect");
  }

  /** What must be so after every command. @param name of the stack that it was about */
  private check(name?: StackName): void {
    this.promises.check(name, name === undefined || this.stacks[name].config.keepTags);
    for (const stack of Object.values(this.stacks)) {
      for (const [repository, digest] of stack.needs()) {
        if (this.registries.placeholders.has(digest)) continue;
        const parts = this.registries.whole(repository, digest).size;
        assert.equal(
          parts,
          1 + 2 * platforms.length,
          `${stack.name} needs ${repository}@${digest}, which is not whole`,
        );
      }
    }
    for (const [repository, { tags, contents }] of this.registries.repositories) {
      for (const [tag, digest] of tags) assert.ok(contents.has(digest), `${repository}:${tag} names what is gone`);
    }
    for (const { repository, digest } of this.attached) {
      assert.ok(this.registries.has(`${repository}@${digest}`), `what was attached in ${repository} is gone`);
    }
  }

  /** The tags that copies have given, as references. */
  private copiesIn(stack: Stack): string[] {
    return layers.flatMap((layer) => {
      const { repository, tagPrefix } = stack.placeOf(layer);
      const tags = Object.keys(this.registries.tags(repository)).filter((tag) => tag.startsWith(`${tagPrefix}d-`));
      return tags.map((tag) => `${repository}:${tag}`);
    });
  }

  /** That a copy that has just come has all that is attached to the image where it was. */
  private assertWithReferrers(ref: string, plans: ReadonlyMap<string, Plan>): void {
    const digest = `sha256:${ref.slice(-64)}`;
    const [repository] = ref.split(":") as [string];
    const from = [...plans.values()].find(({ image }) => image === digest)?.from;
    for (const one of this.attached) {
      if (one.repository !== from || one.subject !== digest) continue;
      assert.ok(this.registries.has(`${repository}@${one.digest}`), `${ref} lacks what is attached to it in ${from}`);
      this.count("attached and copied");
    }
  }

  /** What each layer of a stack is to be, or why it can be nothing. */
  private plansOf(name: StackName, checkout: Checkout): Map<Layer, Plan> | string {
    const { config } = this.stacks[name];
    const source = sources[name];
    const offered = source && this.told.get(source);
    if (source && !offered) return `${source} has nothing`;
    const plans = new Map<Layer, Plan>();
    for (const layer of layers) {
      const { made, changed } = checkout[layer];
      const offer = offered?.get(layer);
      const chosen = offer
        ? this.chosen(name, layer, offer)
        : { image: digestOf(made), held: false, versions: new Map() };
      if (typeof chosen === "string") return chosen;
      const { image, held } = chosen;
      if (name === "pr-7" && this.told.get("dev")?.get(layer)?.digest === image) continue;
      const versions = new Map([...this.versions(name, layer), ...chosen.versions]);
      const version = config.versions[layer];
      if (version !== undefined && !versions.has(version)) versions.set(version, image);
      const { repository, tagPrefix: prefix } = this.stacks[name].placeOf(layer);
      const inside = offer?.repository === repository;
      if (inside && version !== undefined) return "the other stack gives versions there";
      const used = config.releaseTags.filter((template) => !inside || !/latest|version|commit|sha/.test(template));
      // Of an image that is held the stack itself knows best; that the tag of a commit is right is looked at with every move.
      const commit = held ? undefined : offer ? offer.changed : changed;
      const names = namesFor({ templates: used, image, held, commit, versions });
      if (names.problem !== undefined) return names.problem;
      plans.set(layer, {
        ...names,
        image,
        held,
        versions,
        changed: commit,
        repository,
        prefix,
        from: offer?.repository,
      });
    }
    return plans;
  }

  /** All versions of a layer: those that a stack remembers, and of one that is new those that the registry does. */
  private versions(name: StackName, layer: Layer): ReadonlyMap<string, string> {
    const known = this.promises.account(name, layer)?.versions;
    if (known || !this.stacks[name].config.releaseTags.includes("{version}")) return known ?? new Map();
    const { repository, tagPrefix } = this.stacks[name].placeOf(layer);
    const own = Object.entries(this.registries.tags(repository)).filter(([tag]) => tag.startsWith(tagPrefix));
    const found = own.map(([tag, digest]) => [tag.slice(tagPrefix.length), digest] as const);
    const versions = new Map(found.filter(([version]) => semver.valid(version)));
    if (versions.size > 0) this.count("versions adopted");
    return versions;
  }

  /** Which image a stack that promotes is to have, and the versions that come with it. */
  private chosen(name: StackName, layer: Layer, offer: Told): Pick<Plan, "image" | "held" | "versions"> | string {
    const account = this.promises.account(name, layer);
    const told = this.stacks[name].config.hold[layer] ?? account?.held ?? false;
    const version = typeof told === "string" && !told.startsWith("sha256:") ? told : undefined;
    const at = version === undefined ? told : (account?.versions?.get(version) ?? offer.versions.get(version));
    if (at === undefined) return `there is no ${version}`;
    const image = typeof at === "string" ? at : at ? account?.image : offer.digest;
    if (image === undefined) return "there is nothing to hold";
    const had = [offer.digest, account?.image, ...offer.versions.values(), ...(account?.versions?.values() ?? [])];
    if (typeof at === "string" && ![...had, ...this.stacks[name].before(layer)].includes(at)) return "nobody knows it";
    const versions = new Map([...offer.versions].filter(([, digest]) => digest === image));
    const known = this.versions(name, layer);
    const other = [...versions.keys()].find((version) => (known.get(version) ?? image) !== image);
    return other === undefined ? { image, held: told !== false, versions } : `${other} is another image's`;
  }
}

function toldOf(plans: ReadonlyMap<Layer, Plan>): Map<Layer, Told> {
  return new Map([...plans].map(([layer, { image, ...plan }]) => [layer, { ...plan, digest: image }]));
}
