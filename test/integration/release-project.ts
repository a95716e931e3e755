import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import type { ImageCopyArgs } from "../../components/release/image-copy";
import type { ReleaseTagsArgs } from "../../components/release/release-tags";
import { pulumiHome, root } from "../../tools/home";
import { home } from "./project";

/** What the program of a test makes: by name, the arguments of each. */
export interface Wanted {
  readonly tags?: Readonly<Record<string, ReleaseTagsArgs>>;
  readonly copies?: Readonly<Record<string, ImageCopyArgs>>;
}

const program = `
import { readFileSync } from "node:fs";
import { ImageCopy } from "./components/release/image-copy";
import { ReleaseTags } from "./components/release/release-tags";

const { tags = {}, copies = {} } = JSON.parse(readFileSync("wanted.json", "utf8"));
const made = Object.entries(copies).map(([name, args]) => new ImageCopy(name, args as any));
for (const [name, args] of Object.entries(tags)) new ReleaseTags(name, args as any, { dependsOn: made });
`;

/** How a run of Pulumi ended. */
export interface Answer {
  readonly exitCode: number | undefined;
  /** Of all that it printed. */
  readonly output: string;
}

/** A program with nothing but release tags and copies, with a state of its own. */
export class ReleaseProject {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** How many times the provider has started regctl. */
  private readonly calls: string;

  /** @param client DOCKER_CONFIG and SSL_CERT_FILE */
  constructor(client: Readonly<Record<string, string>>) {
    const parent = join(home.folder, "projects");
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, "r-"));
    this.calls = join(this.folder, "calls");
    const write = (name: string, text: string, mode = 0o644) => writeFileSync(join(this.folder, name), text, { mode });
    const plugins = { providers: [{ name: "strata", path: "bin" }] };
    const { runtime } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
    write("Pulumi.yaml", stringify({ name: "release", runtime, main: "index.ts", plugins }));
    write("index.ts", program);
    cpSync(join(root, "package.json"), join(this.folder, "package.json"));
    for (const name of ["components", "node_modules", "bin"]) symlinkSync(join(root, name), join(this.folder, name));
    for (const name of ["state", "counted"]) mkdirSync(join(this.folder, name));
    const real = join(root, ".strata/bin/regctl");
    write("counted/regctl", `#!/bin/sh\necho "$*" >> ${this.calls}\nexec ${real} "$@"\n`, 0o755);
    this.env = {
      ...client,
      PATH: [join(this.folder, "counted"), client.PATH].join(":"),
      PULUMI_HOME: pulumiHome,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_CONTINUE_ON_ERROR: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  want(wanted: Wanted): void {
    writeFileSync(join(this.folder, "wanted.json"), JSON.stringify(wanted));
  }

  async init(wanted: Wanted): Promise<this> {
    this.want(wanted);
    await this.start(["stack", "init", "test"]);
    return this;
  }

  preview(...args: string[]): Promise<Answer> {
    return this.run(["preview", "--diff", ...args]);
  }

  up(...args: string[]): Promise<Answer> {
    return this.run(["up", "--yes", "--skip-preview", "--diff", ...args]);
  }

  refresh(): Promise<Answer> {
    return this.run(["refresh", "--yes", "--skip-preview", "--diff"]);
  }

  destroy(): Promise<Answer> {
    return this.run(["destroy", "--yes", "--skip-preview"]);
  }

  /** What regctl was asked since the last time. */
  asked(): string[] {
    const lines = readOr(this.calls).split("\n").slice(0, -1);
    rmSync(this.calls, { force: true });
    return lines;
  }

  start(args: readonly string[]) {
    return execa("pulumi", [...args, "--color", "never", "--non-interactive"], {
      cwd: this.folder,
      env: this.env,
      all: true,
      reject: false,
      stdin: "ignore",
      timeout: 120_000,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(args: readonly string[]): Promise<Answer> {
    const { exitCode, all } = await this.start([...args, "--stack", "test"]);
    return { exitCode, output: String(all) };
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
