import semver from "semver";

/** What names of a layer are made of. */
export interface Facts {
  readonly templates: readonly string[];
  readonly image: string;
  readonly held: boolean;
  readonly commit: string | undefined;
  readonly versions: ReadonlyMap<string, string>;
}

/** By tag, without what a layer's tags begin with, its digest. */
export interface Names {
  readonly names: ReadonlyMap<string, string>;
  readonly forever: ReadonlySet<string>;
  /** Why there can be no such names. */
  readonly problem: string | undefined;
}

/** What the guide promises, written a second time: the versions that the semver package calls the newest. */
export function namesFor({ templates, image, held, commit, versions }: Facts): Names {
  const names = new Map<string, string>();
  const forever = new Set<string>();
  let problem: string | undefined;
  const name = (tag: string, digest: string, fixed = false) => {
    if (names.has(tag)) problem = `${tag} twice`;
    names.set(tag, digest);
    if (fixed) forever.add(tag);
  };
  const releases = [...versions.keys()].filter((version) => /^v?\d+\.\d+\.\d+$/.test(version));
  for (const template of templates) {
    if (template === "{version}") {
      problem ??= clash([...versions.keys()]);
      for (const [version, digest] of versions) name(version, digest, true);
      for (const [shorter, version] of newest(releases)) name(shorter, versions.get(version) as string);
    } else if (template === "latest") {
      const last = semver.rsort([...releases], true)[0];
      if (held || ![...versions.keys()].some((version) => semver.valid(version))) name("latest", image);
      else if (last !== undefined) name("latest", versions.get(last) as string);
    } else if (template === "{commit}") {
      if (commit !== undefined) name(commit, image, true);
    } else if (template === "pr-{n}-{sha}") {
      if (commit !== undefined) name(`pr-7-${commit.slice(0, 7)}`, image, true);
    } else {
      name(template.replace("{n}", "7"), image);
    }
  }
  return { names, forever, problem };
}

/** By shorter name the newest release that it stands for. */
function newest(releases: readonly string[]): [shorter: string, version: string][] {
  return ["", "v"].flatMap((v) => {
    const own = releases.filter((version) => version.startsWith("v") === (v === "v"));
    const plain = own.map((version) => version.slice(v.length));
    const shorter = new Set(
      plain.flatMap((version) => [/^\d+\.\d+/.exec(version)?.[0], /^[1-9]\d*/.exec(version)?.[0]]),
    );
    return [...shorter].flatMap((name): [string, string][] => {
      const best = name && semver.maxSatisfying(plain, `${name}.x`);
      return best ? [[`${v}${name}`, `${v}${best}`]] : [];
    });
  });
}

function clash(versions: readonly string[]): string | undefined {
  const valid = versions.filter((version) => semver.valid(version));
  const same = valid.find((one) => valid.some((other) => other !== one && semver.eq(one, other)));
  return same && `${same} is there in another spelling`;
}
