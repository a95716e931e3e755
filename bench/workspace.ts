import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { type Catalog, readCatalog } from "../components/catalog/catalog";
import { readUpstreams } from "../components/catalog/upstreams";
import { type Home, root } from "../tools/home";
import { localBuilder } from "../tools/services/buildkit";
import { type Environment, localEnvironment } from "../tools/stack/environment";
import type { Contender, Place } from "./contenders/contender";
import type { Change, Family } from "./families/family";

/** What the builds of a run are told. */
export interface Session {
  readonly home: Home;
  /** Host and port. */
  readonly registry: string;
  /** Where what commands print goes. */
  readonly log: string;
  /** In milliseconds, of each command. */
  readonly limit: number;
  /** Ends what runs. */
  readonly signal: AbortSignal;
  readonly services: {
    /** Takes all repositories of an organisation away. */
    forget(organisation: string): void;
  };
}

/** What is kept of a workspace between runs. */
interface State {
  readonly organisation: string;
  /** The hash of the images that it was made of. */
  readonly family: string;
  /** The hash of what builds it. */
  readonly code: string;
  /** How many changes were made. */
  readonly serial: number;
  /** Whether the first build is done. */
  readonly built: boolean;
  /** Whether something was begun and did not end well. */
  readonly pending: boolean;
}

/** A folder in which one contender builds one family, with repositories of its own. */
export class Workspace {
  readonly place: Place;
  readonly env: Environment;
  /** The layer whose steps are to run again though nothing of it changed, in this build. */
  rebuilding: string | undefined;
  private state: State;

  private constructor(
    readonly folder: string,
    readonly family: Family,
    readonly contender: Contender,
    private readonly session: Session,
    state: State,
  ) {
    this.state = state;
    this.place = { registry: session.registry, organisation: state.organisation, builder: localBuilder };
    this.env = {
      ...localEnvironment(session.home, true),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      // A fresh machine has none.
      NODE_COMPILE_CACHE: undefined,
    };
  }

  /**
   * The one of before, where it was made of the same images for the same program and its first build was not ended halfway, else a new one.
   *
   * @param name of its folder
   * @param hash of the images
   * @param code a hash of what builds them
   */
  static async open(
    name: string,
    family: Family,
    contender: Contender,
    session: Session,
    { hash, code }: { readonly hash: string; readonly code: string },
  ): Promise<Workspace> {
    const folder = join(session.home.folder, "work", name);
    const file = join(folder, "workspace.json");
    if (existsSync(file)) {
      const state = JSON.parse(readFileSync(file, "utf8")) as State;
      const whole = state.built || !state.pending;
      if (state.family === hash && state.code === code && whole) {
        return new Workspace(folder, family, contender, session, state);
      }
      session.services.forget(state.organisation);
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const organisation = `bench/${name.toLowerCase()}-${randomBytes(3).toString("hex")}`;
    const state = { organisation, family: hash, code, serial: 0, built: false, pending: false };
    const made = new Workspace(folder, family, contender, session, state);
    await made.fill();
    made.keep({});
    return made;
  }

  private async fill(): Promise<void> {
    this.copy("upstreams.yaml");
    this.family.write(this.folder);
    await this.contender.prepare?.(this);
    await this.git("init", "--quiet");
    this.write(".gitignore", "/*\n!/images/\n!/fleet/\n");
    await this.commit("first");
  }

  get built(): boolean {
    return this.state.built;
  }

  /** Whether there was no build before this one. */
  get firstBuild(): boolean {
    return !this.state.built;
  }

  /** Whether it must be brought to where a run can start from, after one that did not end. */
  get needsSettling(): boolean {
    return this.state.built && this.state.pending;
  }

  begin(): void {
    this.keep({ pending: true });
  }

  done(): void {
    this.rebuilding = undefined;
    this.keep({ built: true, pending: false });
  }

  /** Makes a change, and commits it. */
  async change({ edits, rebuilds }: Change): Promise<void> {
    const serial = this.state.serial + 1;
    this.keep({ serial, pending: true });
    this.rebuilding = rebuilds;
    for (const { path, edit } of edits) {
      const file = join(this.folder, path);
      const before = existsSync(file) ? readFileSync(file, "utf8") : "";
      const after = edit(before, serial);
      if (after === before) throw new Error(`the change ${serial} changed nothing in ${file}`);
      writeFileSync(file, after);
    }
    if (edits.length > 0) await this.commit(`change ${serial}`);
  }

  /** As they are now, each after those that it needs. */
  layers(): Catalog {
    const upstreams = readUpstreams(join(this.folder, "upstreams.yaml"), this.session.home.standInsFile);
    const source = { upstreams, pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
    return readCatalog({ ...source, images: join(this.folder, "images"), root: this.folder });
  }

  /** The paths whose changes concern a layer. */
  pathsOf(layer: string): readonly string[] {
    return this.family.paths?.(layer) ?? [`images/${layer}`];
  }

  get home(): Home {
    return this.session.home;
  }

  relative(path: string): string {
    return relative(this.folder, path) || ".";
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Copies a file of this project's. */
  copy(path: string): void {
    cpSync(join(root, path), join(this.folder, path));
  }

  /** With its repositories. */
  remove(): void {
    this.session.services.forget(this.place.organisation);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command in the folder. @throws Error with the last of what it printed; when its time is up; when all is to end */
  async run(command: string, args: readonly string[], env: Environment = {}): Promise<void> {
    await this.output(command, args, env);
  }

  /** @returns what it printed */
  async output(command: string, args: readonly string[], env: Environment = {}): Promise<string> {
    const { limit, signal, log } = this.session;
    mkdirSync(dirname(log), { recursive: true });
    const result = await execa(command, args, {
      cwd: this.folder,
      env: { ...this.env, NO_COLOR: "1", ...env },
      timeout: limit,
      cancelSignal: signal,
      forceKillAfterDelay: 15_000,
      reject: false,
      all: true,
    });
    writeFileSync(log, `$ ${command} ${args.join(" ")}\n${result.all}\n`, { flag: "a" });
    if (signal.aborted) throw new Error("interrupted");
    if (result.timedOut) throw new Error(`${command} did not end within ${Math.round(limit / 60_000)} minutes`);
    if (result.failed) throw new Error(`${command} failed: ${(result.all || result.message || "").trim().slice(-600)}`);
    return result.stdout ?? "";
  }

  private keep(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.write("workspace.json", JSON.stringify(this.state));
  }

  private async commit(message: string): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", message);
  }

  private async git(...args: string[]): Promise<void> {
    const who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "core.autocrlf=false"];
    // Git would pack in the background what a large context has, while builds are measured.
    const quiet = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];
    await this.run("git", [...who, ...quiet, ...args]);
  }
}
