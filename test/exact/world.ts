import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";

/** Numbers that stand for choices; whatever they are, they mean something. */
export interface StepPlan {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

export interface LayerPlan {
  readonly shared: boolean;
  readonly ignore: readonly number[];
  readonly ignoreOfDockerfile: boolean;
  readonly stages: readonly { readonly base: number; readonly steps: readonly StepPlan[] }[];
}

export interface EditPlan {
  readonly kind: number;
  readonly layer: number;
  readonly a: number;
  readonly b: number;
}

const choice = fc.nat({ max: 1000 });
const step = fc.record({ kind: choice, a: choice, b: choice });
const stage = fc.record({ base: choice, steps: fc.array(step, { maxLength: 5 }) });

export const layerPlan: fc.Arbitrary<LayerPlan> = fc.record({
  shared: fc.boolean(),
  ignore: fc.array(choice, { maxLength: 3 }),
  ignoreOfDockerfile: fc.boolean(),
  stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
});

export const editPlan: fc.Arbitrary<EditPlan> = fc.record({ kind: choice, layer: choice, a: choice, b: choice });

const paths = [
  ...["a.txt", "b.txt", "bin/run", "bin/tool.sh", "src/main.go", "src/util/x.go", "src/util/y.md", "docs/readme.md"],
  ...["docs/img/p.png", "conf/app.yaml", "deep/er/est/z", "Ä/ö", "x y", ".hidden", "src.bak/main.go"],
];
const links: readonly [path: string, target: string][] = [
  ["current", "src"],
  ["latest.txt", "a.txt"],
  ["bin/link", "../conf/app.yaml"],
  ["docs/up", ".."],
  ["chain", "current/util"],
];
const sources = [
  ...["a.txt", "b.txt", "bin", "src/", "./docs", "src/*.go", "*.txt", "s*c", "bin/*", "conf/app.yaml", "current", "/"],
  ...[
    "current/util",
    ".",
    "deep/../a.txt",
    "[ab].txt",
    "?.txt",
    "latest.txt",
    "chain/x.go",
    "deep",
    "src/[l-n]ain.go",
    "Ä",
  ],
];
const ignored = [
  "*.md",
  "docs",
  "!docs/readme.md",
  "src/util",
  "**/x.go",
  "bin/*",
  "!bin/run",
  "# no",
  "/conf",
  "Dockerfile*",
  ".*",
];
export const upstreams = ["debian:12", "alpine:3.20", "ghcr.io/acme/tool:1"];

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** A random family on disk, and edits of it. */
export class World {
  /** For each upstream how often it moved. */
  readonly pins = new Map(upstreams.map((name) => [name, 0]));
  readonly layers: WorldLayer[];

  constructor(
    readonly root: string,
    plans: readonly LayerPlan[],
  ) {
    const layers: WorldLayer[] = [];
    for (const plan of plans) layers.push(new WorldLayer(layers.length, plan, root, [...layers]));
    this.layers = layers;
    for (const [index, path] of paths.entries()) {
      this.write(join("shared", path), `shared ${index}`);
      for (const layer of this.layers)
        if ((index + layer.index) % 5 !== 2) this.write(join(layer.own, path), `${layer.name} ${index}`);
    }
    for (const folder of ["shared", ...this.layers.map((layer) => layer.own)]) {
      for (const [path, target] of links.slice(0, 3)) this.link(join(folder, path), target);
    }
    for (const layer of this.layers) layer.write();
  }

  /** @returns whether only an oversight would call it a change: something that never counts */
  edit({ kind, layer: index, a, b }: EditPlan): string {
    const layer = pick(this.layers, index);
    const file = join(layer.context, pick(paths, a));
    const other = join(layer.context, pick(paths, b));
    const there = existsSync(join(this.root, file)) && lstatSync(join(this.root, file)).isFile();
    const edits: (() => string)[] = [
      () => this.write(file, `edited ${a} ${b}`),
      () => this.write(file, `edited ${b}`),
      () => (there ? this.chmod(file, 0o755) : "nothing"),
      () => (there ? this.chmod(file, b % 2 ? 0o664 : 0o644) : "nothing"),
      () => (there ? this.rename(file, other) : this.write(file, "new")),
      () => (there ? this.remove(file) : this.write(file, "new")),
      () => this.link(join(layer.context, pick(links, a)[0]), pick(links, a)[1]),
      () => this.link(join(layer.context, pick(links, a)[0]), pick(paths, b)),
      () => this.makeFolder(join(layer.context, `empty${a % 3}`)),
      () => layer.setIgnored(pick(ignored, a)),
      () => layer.insert(a, b % 2 ? `# ${b}\n` : "\n"),
      () => layer.pad(a, b),
      () => layer.setDefault(b),
      () => layer.setArgument(b % 4),
      () => this.move(pick(upstreams, a)),
      () => this.write(join("shared", pick(paths, a)), `shared again ${b}`),
    ];
    return `${pick(edits, kind)()} (${layer.name})`;
  }

  private move(upstream: string): string {
    this.pins.set(upstream, (this.pins.get(upstream) ?? 0) + 1);
    return `move ${upstream}`;
  }

  private write(path: string, text: string): string {
    const file = join(this.root, path);
    this.clear(file);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return `write ${path}`;
  }

  private chmod(path: string, mode: number): string {
    chmodSync(join(this.root, path), mode);
    return `chmod ${path} ${mode.toString(8)}`;
  }

  private rename(from: string, to: string): string {
    if (from === to) return "nothing";
    this.clear(join(this.root, to));
    mkdirSync(dirname(join(this.root, to)), { recursive: true });
    renameSync(join(this.root, from), join(this.root, to));
    return `rename ${from} ${to}`;
  }

  private remove(path: string): string {
    rmSync(join(this.root, path));
    return `remove ${path}`;
  }

  private link(path: string, target: string): string {
    const file = join(this.root, path);
    this.clear(file);
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync(target, file);
    return `link ${path} ${target}`;
  }

  private makeFolder(path: string): string {
    mkdirSync(join(this.root, path), { recursive: true });
    return `folder ${path}`;
  }

  private clear(file: string): void {
    rmSync(file, { recursive: true, force: true });
  }
}

export class WorldLayer {
  readonly name: string;
  readonly own: string;
  readonly context: string;
  /** What the final stage leaves to the images upon it. */
  readonly triggers: string[] = [];
  private readonly chunks: string[] = [];
  private readonly ignored: Set<string>;
  private argument: number | undefined;
  private hasArgument = false;

  constructor(
    readonly index: number,
    private readonly plan: LayerPlan,
    private readonly root: string,
    private readonly lower: readonly WorldLayer[],
  ) {
    this.name = `l${index}`;
    this.own = join("images", this.name);
    this.context = plan.shared ? "shared" : this.own;
    this.ignored = new Set(plan.ignore.map((number) => pick(ignored, number)));
    plan.stages.forEach(({ base, steps }, number) => {
      this.triggers.length = 0;
      this.chunks.push(`FROM ${this.baseOf(base, number)} AS s${number}\n`);
      for (const planned of steps) this.chunks.push(...this.render(planned, number));
    });
  }

  /**
   * Whether the catalog may take more files than BuildKit: where a source depends on a variable that the image beneath may set,
   * and where two lead through one link, of which BuildKit's client follows only the first.
   */
  get mayTakeMore(): boolean {
    const text = [...this.chunks, ...this.lower.flatMap(({ triggers }) => triggers)].join("");
    return (
      text.includes("$UNKNOWN") || (text.match(/current|chain|latest/g) ?? []).length > 1 || "CHOICE" in this.arguments
    );
  }

  get arguments(): Record<string, string> {
    return this.hasArgument && this.argument !== undefined ? { CHOICE: pick(sources, this.argument) } : {};
  }

  write(): void {
    const folder = join(this.root, this.own);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "Dockerfile"), this.chunks.join(""));
    const ignoreFile = this.plan.ignoreOfDockerfile || this.plan.shared ? "Dockerfile.dockerignore" : ".dockerignore";
    writeFileSync(join(folder, ignoreFile), [...this.ignored].map((line) => `${line}\n`).join(""));
    const manifest = { ...(this.plan.shared ? { context: "shared" } : {}), arguments: this.arguments };
    writeFileSync(join(folder, "image.yaml"), JSON.stringify(manifest));
  }

  insert(at: number, text: string): string {
    this.chunks.splice(at % (this.chunks.length + 1), 0, text);
    this.write();
    return `insert ${JSON.stringify(text)}`;
  }

  /** White space before or behind an instruction. */
  pad(at: number, how: number): string {
    const number = at % this.chunks.length;
    const chunk = this.chunks[number] as string;
    // BuildKit keeps the space behind an ONBUILD step in the image; Strata builds from the normal form, which has none.
    if (chunk.includes("<<") || chunk.includes("ONBUILD")) return "nothing";
    this.chunks[number] = how % 2 ? ` \t${chunk}` : chunk.replace(/\n$/, "  \n");
    this.write();
    return `pad ${number}`;
  }

  /** Gives the ARG another default. */
  setDefault(to: number): string {
    const number = this.chunks.findIndex((chunk) => chunk.trimStart().startsWith("ARG CHOICE="));
    if (number === -1) return "nothing";
    this.chunks[number] = `ARG CHOICE=${pick(sources, to)}\n`;
    this.write();
    return "argument default";
  }

  setArgument(to: number): string {
    this.argument = to === 0 ? undefined : to;
    this.write();
    return `argument ${this.argument}`;
  }

  setIgnored(pattern: string): string {
    if (!this.ignored.delete(pattern)) this.ignored.add(pattern);
    this.write();
    return `ignore ${pattern}`;
  }

  private baseOf(number: number, stage: number): string {
    const stages = Array.from({ length: stage }, (_, index) => `s${index}`);
    return pick([...upstreams, "scratch", ...this.layersBeneath(), ...stages], number);
  }

  private layersBeneath(): string[] {
    return this.lower.map(({ name }) => name);
  }

  private render({ kind, a, b }: StepPlan, stage: number): string[] {
    const source = pick(sources, a);
    const from = pick(
      [...upstreams, ...this.layersBeneath(), ...Array.from({ length: stage }, (_, index) => `s${index}`)],
      b,
    );
    const forms: (() => string[])[] = [
      () => [`COPY ${source} /${b}/\n`],
      () => [`COPY --link ${source} ${pick(sources, b)} /x/\n`],
      () => [`COPY ["x y", "/json/"]\n`],
      () => [`ADD --chown=1:1 ${source} /add/\n`],
      () => [`RUN echo ${b}\n`],
      () => [
        `RUN --mount=type=bind,source=${source.replace(/[*?[Ä].*/, "")},target=/m --mount=type=cache,target=/c ls /m\n`,
      ],
      () => [`COPY --link --from=${from} /etc /from/\n`],
      () => [`RUN --mount=from=${from},target=/f --mount=type=tmpfs,target=/t ls /f\n`],
      () => ["COPY <<EOF /here\nFROM evil\n# no comment\n\nEOF\n"],
      () => ["RUN <<-'END'\n\tCOPY . /\n\tEND\n"],
      () => {
        this.hasArgument = true;
        return [`ARG CHOICE=${pick(sources, b)}\n`, "COPY $CHOICE /choice/\n"];
      },
      () => ["ENV PLACE=src\n", `copy $\{PLACE}/main.go $\{PLACE%c}c/util /env/\n`],
      () => ["WORKDIR /w\n", "USER 1001\n", 'LABEL a="b c" \\\n  d=e\n'],
      () => [`COPY --chmod=755 ${source} /mode/\n`],
      () => ["RUN one \\\n# inside\n\n  two \\\n  three\n"],
      () => [`COPY --parents ./src/./util /parents/\n`],
      () => [`COPY --exclude=*.md docs /docs/\n`],
      () => {
        this.triggers.push(`COPY ${source} /onbuild/`);
        return [`ONBUILD COPY ${source} /onbuild/\n`];
      },
      () => {
        if (a % 4 !== 0) return ["STOPSIGNAL 9\n"];
        return ["COPY bin$UNKNOWN /unknown/\n"];
      },
    ];
    return pick(forms, kind)();
  }
}

/** Of a folder the Dockerfile and what is ignored, for a message. */
export function contentsOf(folder: string): string {
  const files = ["Dockerfile", "Dockerfile.dockerignore", ".dockerignore"].map((name) => join(folder, name));
  return files
    .filter((file) => existsSync(file))
    .map((file) => `${file}:\n${readFileSync(file, "utf8")}`)
    .join("\n");
}
