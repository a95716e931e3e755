import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type Stack,
  type StepEventMetadata,
  type UpOptions,
} from "@pulumi/pulumi/automation";
import { execa } from "execa";
import type { LayerOutput } from "../../components/family";
import type { LastUpdate } from "../../components/update";
import { homeAt, root } from "../../tools/home";
import { localBuilder } from "../../tools/services/buildkit";
import { freePort } from "../../tools/services/free-port";
import { registryPort, startServices, stopServices } from "../../tools/services/services";
import { appliedEnvironment, localEnvironment, prepareLocalState } from "../../tools/stack/environment";
import { LayerEvents, type LayerProgress } from "../../tools/stack/layer-events";
import { makeScratchProject } from "../../tools/stack/scratch-project";
import { ensureStandIns } from "../../tools/upstreams/stand-ins";

/** The tests have services of their own, so that they can stop and empty them. */
export const home = homeAt(join(root, ".strata/test"));

const upstreams = join(root, "test/integration/upstreams.yaml");

let services: Promise<string> | undefined;

/** Starts the tests' services, the first time it is called, and makes the stand-in for alpine where that is needed. */
export function testServices(): Promise<string> {
  services ??= (async () => {
    mkdirSync(home.folder, { recursive: true });
    const registry = await startServices(
      home,
      existsSync(join(home.folder, "registry-port")) ? registryPort(home) : await freePort(),
    );
    await ensureStandIns(upstreams, registry, home, () => {});
    return registry;
  })();
  return services;
}

after(async () => {
  if (services) await stopServices(home);
});

export interface Operation {
  /** By name, in the order of the engine's events. */
  readonly layers: Readonly<Record<string, LayerProgress>>;
  /** What an operation counts: { same: 5, update: 2 }. */
  readonly changes: Readonly<Record<string, number>>;
  readonly output: string;
  readonly events: readonly EngineEvent[];
}

/** What an operation does to each resource; a refresh only looks. */
export function stepsOf({ events }: Operation): StepEventMetadata[] {
  const steps = events.map(({ resourcePreEvent }) => resourcePreEvent?.metadata);
  return steps.filter((step) => step !== undefined && step.op !== "refresh") as StepEventMetadata[];
}

export interface FilesystemLayer {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** The real program on a family of its own, with a state and repositories of its own. */
export class Project {
  readonly folder: string;
  private stack!: Stack;

  private constructor(
    readonly organisation: string,
    readonly registry: string,
    readonly stackName: string,
    readonly env: Record<string, string>,
    folder?: string,
  ) {
    const parent = join(home.folder, "projects");
    mkdirSync(parent, { recursive: true });
    this.folder = folder ?? mkdtempSync(join(parent, "p-"));
  }

  /**
   * @param files path → contents, such as `images/base/Dockerfile`
   * @param config more keys, without `strata:`
   * @param secrets id → value, for steps
   */
  static async make(
    files: Readonly<Record<string, string>>,
    {
      stack = "local",
      config = {},
      secrets = {},
      env = {},
    }: {
      stack?: string;
      config?: Record<string, string>;
      secrets?: Record<string, string>;
      env?: Record<string, string>;
    } = {},
  ): Promise<Project> {
    const registry = await testServices();
    prepareLocalState(home);
    const variables: Record<string, string> = {
      ...appliedEnvironment(localEnvironment(home, true)),
      PULUMI_STACK: stack,
      ...env,
    };
    const project = new Project(`t${randomBytes(4).toString("hex")}`, registry, stack, variables);
    const { folder } = project;
    variables.PULUMI_BACKEND_URL = makeScratchProject(folder, upstreams);
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    await project.init({
      registry,
      organisation: project.organisation,
      builder: localBuilder,
      ...(stack === "local" ? { standIns: home.standInsFile } : {}),
      ...config,
    });
    for (const [id, value] of Object.entries(secrets)) await project.setSecret(id, value);
    return project;
  }

  /** Another stack of the same project. @param config keys, without `strata:` */
  async stackOf(
    name: string,
    config: Readonly<Record<string, string>>,
    env: Record<string, string> = {},
  ): Promise<Project> {
    const other = new Project(
      this.organisation,
      this.registry,
      name,
      { ...this.env, PULUMI_STACK: name, ...env },
      this.folder,
    );
    await other.init({ registry: this.registry, organisation: this.organisation, ...config });
    return other;
  }

  /** Sets keys without `strata:`, as `pulumi config set --path` does. */
  async configure(config: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(config)) await this.stack.setConfig(`strata:${key}`, { value }, true);
  }

  async refresh(): Promise<void> {
    await this.stack.refresh();
  }

  async destroy(): Promise<void> {
    await this.stack.destroy();
  }

  /** Sets a secret for RUN --mount=type=secret. */
  async setSecret(id: string, value: string): Promise<void> {
    await this.stack.setConfig(`strata:secrets["${id}"]`, { value, secret: true }, true);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  delete(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.folder, path), text);
  }

  preview(env: Record<string, string> = {}): Promise<Operation> {
    return this.operate(
      env,
      async (options) => (await this.stack.preview(options)).changeSummary as Record<string, number>,
    );
  }

  /** @param predicted what a preview said */
  up(
    options: UpOptions = {},
    env: Record<string, string> = {},
    predicted: readonly LayerProgress[] = [],
  ): Promise<Operation> {
    return this.operate(
      env,
      async (watch) =>
        (await this.stack.up({ ...watch, ...options })).summary.resourceChanges as Record<string, number>,
      predicted,
    );
  }

  async layers(): Promise<Record<string, LayerOutput>> {
    return ((await this.stack.outputs()).layers?.value ?? {}) as Record<string, LayerOutput>;
  }

  async lastUpdate(): Promise<LastUpdate | null> {
    return ((await this.stack.outputs()).lastUpdate?.value ?? null) as LastUpdate | null;
  }

  async digests(): Promise<Record<string, string>> {
    return Object.fromEntries(Object.entries(await this.layers()).map(([name, { digest }]) => [name, digest]));
  }

  /** @param ref an image, or a build cache that is kept as one */
  async filesystemLayers(ref: string): Promise<FilesystemLayer[]> {
    const platform = ["--platform", "linux/amd64", "--format", "raw-body"];
    return (JSON.parse(await this.run("regctl", "manifest", "get", ref, ...platform)) as { layers: FilesystemLayer[] })
      .layers;
  }

  /** @returns their digests, of the image of a layer */
  async filesystemLayersOf(name: string): Promise<string[]> {
    return (await this.filesystemLayers((await this.layers())[name]?.ref as string)).map(({ digest }) => digest);
  }

  /** Runs a program with the stack's environment, for example regctl. @returns what it printed */
  async run(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await execa(command, args, { cwd: this.folder, env: this.env, timeout: 60_000 });
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async init(config: Readonly<Record<string, string>>): Promise<void> {
    this.stack = await LocalWorkspace.createOrSelectStack(
      { stackName: this.stackName, workDir: this.folder },
      { envVars: this.env },
    );
    await this.stack.setAllConfig(
      Object.fromEntries(Object.entries(config).map(([key, value]) => [`strata:${key}`, { value }])),
      true,
    );
  }

  private async operate(
    env: Record<string, string>,
    action: (options: {
      onEvent: (event: EngineEvent) => void;
      onOutput: (text: string) => void;
    }) => Promise<Record<string, number>>,
    predicted: readonly LayerProgress[] = [],
  ): Promise<Operation> {
    const progress = new LayerEvents(() => {}, predicted);
    const events: EngineEvent[] = [];
    const onEvent = (event: EngineEvent) => {
      events.push(event);
      progress.onEvent(event);
    };
    let output = "";
    this.stack.workspace.envVars = { ...this.env, ...env };
    try {
      const changes = await action({ onEvent, onOutput: (text) => (output += text) });
      const layers = Object.fromEntries(progress.all.map((layer) => [layer.name, layer]));
      return { layers, changes, output, events };
    } catch (error) {
      throw new Error(`${output}\n${(error as Error).message}`);
    } finally {
      this.stack.workspace.envVars = this.env;
    }
  }
}
