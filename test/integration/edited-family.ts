import { appendFileSync, chmodSync, existsSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Project } from "./project";

/** Numbers that stand for choices; whatever they are, they mean something. */
export interface Edit {
  readonly kind: number;
  readonly layer: number;
  readonly number: number;
}

const choice = fc.nat({ max: 1000 });

/** What is edited between two updates. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(fc.record({ kind: choice, layer: choice, number: choice }), {
  minLength: 1,
  maxLength: 3,
});

interface Manifest {
  readonly context?: string;
  readonly description?: string;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly rebuild?: number;
}

/**
 * Six levels: bases of nothing, of an upstream and of alpine; steps that run and linked copies; layers with several parents, a layer
 * that is only copied from, two with a shared context, one with arguments.
 */
const dockerfiles: Readonly<Record<string, string>> = {
  root: "FROM scratch\nCOPY src /root/\n",
  alp: "FROM alpine:3.22\nCOPY tool.sh /bin/tool\nRUN sh /bin/tool > /alp\n",
  data: "FROM UPSTREAM\nCOPY --link src /data/\n",
  a1: "FROM root\nCOPY src /a1/\n",
  a2: "FROM root\nCOPY --link src tool.sh /a2/\n",
  r1: "FROM alp\nARG WORD=one\nRUN echo $WORD $(cat /alp) > /r1\n",
  d1: "FROM scratch\nCOPY --link --from=data /data /d1/\nCOPY --link --from=UPSTREAM /file /d1/upstream\n",
  b1: "FROM a1\nCOPY --link --from=a2 /a2 /b1/\n",
  b2: "FROM r1\nCOPY --from=d1 /d1 /b2/\nRUN cat /r1 /b2/a.txt > /b2/all\n",
  c1: "FROM b1\nCOPY --link --from=d1 /d1 /c1/\nCOPY --link src /c1/src/\n",
  c2: "FROM b2\nCOPY src /c2/\n",
  e1: "FROM c1\nCOPY src/a.txt src/b.txt /e1/\n",
  e2: "FROM c2\nCOPY --link --from=c1 /c1 /e2/\nCOPY --link --from=alp /alp /e2/alp\n",
  top: "FROM e1\nCOPY --link --from=e2 /e2 /top/\nENV TOP=1\n",
};
const shared = ["data", "c2"];
const names = Object.keys(dockerfiles);
const contents = ["a.txt", "b.txt", "notes.md", "deep/c.txt"];
const unused = "FROM scratch AS unused\nCOPY src /\n";
const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** A family of fourteen layers in a project, and edits of it that leave it whole. */
export class EditedFamily {
  private readonly manifests = new Map<string, Manifest>([
    ...shared.map((name): [string, Manifest] => [name, { context: "shared" }]),
    ["r1", { arguments: { WORD: "two" } }],
    ["b2", { rebuild: 1 }],
  ]);
  private edited = 0;
  private readonly project: Project;

  /** @param moves writes another pin for the upstream */
  constructor(
    project: Project,
    upstream: string,
    private readonly moves: () => void,
  ) {
    this.project = project;
    for (const folder of ["shared", ...names.map((name) => `images/${name}`)]) {
      for (const path of contents) project.write(`${folder}/src/${path}`, `${folder} ${path}\n`);
      project.write(`${folder}/tool.sh`, `echo ${folder}\n`);
      chmodSync(this.at(`${folder}/tool.sh`), 0o755);
      symlinkSync("a.txt", this.at(`${folder}/src/link`));
      project.write(`${folder}/unread`, "");
    }
    for (const [name, text] of Object.entries(dockerfiles)) {
      project.write(`images/${name}/Dockerfile`, text.replaceAll("UPSTREAM", upstream));
    }
    for (const [name, manifest] of this.manifests) this.describe(name, manifest);
  }

  /** @returns what it did */
  edit({ kind, layer: index, number }: Edit): string {
    this.edited++;
    const name = pick(names, index);
    const folder = shared.includes(name) ? "shared" : `images/${name}`;
    const dockerfile = `images/${name}/Dockerfile`;
    const file = this.placeOf(`${folder}/src/${pick(contents, number)}`);
    const kinds: Readonly<Record<string, () => void>> = {
      "a file": () => this.append(file, `${this.edited}\n`),
      "a script": () => this.append(`${folder}/tool.sh`, `echo ${this.edited}\n`),
      "an executable bit": () => this.toggleExecutable(file),
      "modes that do not count": () => chmodSync(this.at(file), (statSync(this.at(file)).mode & 0o100) | 0o664),
      "a time": () => utimesSync(this.at(file), 1e9 + this.edited, 1e9 + this.edited),
      "a new name": () => this.rename(`${folder}/src/deep`, `${folder}/src/moved`),
      "a new file": () => this.project.write(`${folder}/src/new-${number % 3}`, `${this.edited}\n`),
      "files that are gone": () => this.removeNew(`${folder}/src`),
      "a link": () => this.turnLink(`${folder}/src/link`),
      "a file that no step reads": () => this.append(`${folder}/unread`, `${this.edited}\n`),
      "an ignore file": () => this.toggleIgnored(name, folder),
      "a comment": () => this.project.append(dockerfile, `\n# ${this.edited}\n\n`),
      "a step": () => this.project.append(dockerfile, `COPY --link tool.sh /tool-${this.edited}\n`),
      "an unused stage": () => this.toggleStage(dockerfile),
      "an argument": () => this.describe("r1", { arguments: number % 3 ? { WORD: pick(["one", "two"], number) } : {} }),
      "a forced rebuild": () => this.describe(name, { rebuild: (this.manifests.get(name)?.rebuild ?? 0) + 1 }),
      "a description": () => this.describe(name, { description: `Number ${number % 2}.` }),
      "an upstream": this.moves,
    };
    const [what, action] = pick(Object.entries(kinds), kind);
    action();
    return `${what} (${name})`;
  }

  private describe(name: string, change: Manifest): void {
    const manifest = { ...this.manifests.get(name), ...change };
    this.manifests.set(name, manifest);
    this.project.write(`images/${name}/image.yaml`, JSON.stringify(manifest));
  }

  /** Where a file is whose folder may have another name by now. */
  private placeOf(path: string): string {
    return existsSync(this.at(path)) ? path : path.replace("/deep/", "/moved/");
  }

  private append(path: string, text: string): void {
    appendFileSync(this.at(path), text);
  }

  private toggleExecutable(path: string): void {
    chmodSync(this.at(path), statSync(this.at(path)).mode ^ 0o111);
  }

  private rename(from: string, to: string): void {
    const [here, there] = existsSync(this.at(from)) ? [from, to] : [to, from];
    renameSync(this.at(here), this.at(there));
  }

  private removeNew(folder: string): void {
    for (const number of [0, 1, 2]) rmSync(this.at(`${folder}/new-${number}`), { force: true });
  }

  private turnLink(path: string): void {
    rmSync(this.at(path));
    symlinkSync(pick(["b.txt", "a.txt"], this.edited), this.at(path));
  }

  private toggleIgnored(name: string, folder: string): void {
    const path = folder === "shared" ? `images/${name}/Dockerfile.dockerignore` : `${folder}/.dockerignore`;
    const before = existsSync(this.at(path)) ? this.project.read(path) : "";
    this.project.write(path, before.includes("*.md") ? "unread\n" : "unread\n**/*.md\n");
  }

  private toggleStage(path: string): void {
    const text = this.project.read(path);
    this.project.write(path, text.startsWith(unused) ? text.slice(unused.length) : `${unused}${text}`);
  }

  private at(path: string): string {
    return join(this.project.folder, path);
  }
}
