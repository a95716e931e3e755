import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildRecord } from "../../components/previous-builds";
import { nameIn } from "../../components/urn";
import type { Environment } from "../stack/environment";
import type { Properties } from "../stack/layer-reasons";
import { stateFolder } from "../stack/locks";
import { askLimit, askPulumi } from "../stack/pulumi";

/** A layer as the state of a stack has it. */
export interface LayerState {
  readonly stack: string;
  readonly name: string;
  /** What the image is made of: the inputs of its component. */
  readonly inputs: Properties;
  /** Undefined where the last build of these inputs failed, or is under way. */
  readonly built: Built | undefined;
  /** The digest of the last image that was built of it, of these inputs or of earlier ones. */
  readonly lastDigest: string | undefined;
  /** Where its last build was pushed to, `repository:tag`; undefined where none was. */
  readonly tag: string | undefined;
  /** The builder of the last build. */
  readonly builder: string | undefined;
}

export interface Built {
  /** `repository@sha256:…` */
  readonly ref: string;
  readonly digest: string;
  readonly buildId: string;
  readonly record: BuildRecord;
}

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Properties;
  // biome-ignore lint/suspicious/noExplicitAny: the outputs of any resource
  readonly outputs?: Readonly<Record<string, any>>;
}

/** How many other stacks are looked at, how many states of the past, and for how long each kind, in milliseconds. */
const most = { stacks: 20, states: 50, time: 20_000 } as const;

/** @throws Error where the state cannot be read, with what Pulumi says of it */
export async function stateOf(stack: string, env: Environment): Promise<Map<string, LayerState>> {
  return exported(stack, env, askLimit);
}

/** What the other stacks of the project hold. */
export interface OtherStacks {
  /** By stack. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, LayerState>>;
  /** Those that could not be looked at, or not in time. */
  readonly unread: readonly string[];
}

/** The stacks beside one that are in the same backend, as far as they can be read in time. */
export async function otherStacks(stack: string, env: Environment): Promise<OtherStacks> {
  const end = Date.now() + most.time;
  const listed = JSON.parse(await askPulumi(["stack", "ls", "--json"], { env, limit: most.time })) as {
    name: string;
  }[];
  const own = stack.split("/").at(-1);
  const names = listed.map(({ name }) => name).filter((name) => name.split("/").at(-1) !== own);
  const states = new Map<string, Map<string, LayerState>>();
  // One after the other: each is a process that takes a core.
  for (const name of names.slice(0, most.stacks)) {
    const left = end - Date.now();
    if (left <= 0) break;
    const state = await exported(name, env, left).catch(() => undefined);
    if (state) states.set(name, state);
  }
  return { states, unread: names.filter((name) => !states.has(name)) };
}

/**
 * What earlier updates of a stack left, newest first: Pulumi keeps a state of each where states lie in a folder. Of any other
 * backend there is none.
 */
export function pastStates(stack: string, { PULUMI_BACKEND_URL: url = "" }: Environment): Map<string, LayerState>[] {
  const folder = stateFolder(url);
  if (folder === undefined) return [];
  const name = stack.split("/").at(-1) as string;
  const history = join(folder, ".pulumi/history");
  const end = Date.now() + most.time;
  const files = [
    ...globSync(`*/${name}/*.checkpoint.json`, { cwd: history }),
    ...globSync(`${name}/*.checkpoint.json`, { cwd: history }),
  ];
  const newest = files.sort((a, b) => timeIn(b) - timeIn(a)).slice(0, most.states);
  return newest.flatMap((file) => (Date.now() > end ? [] : readPast(stack, join(history, file))));
}

/** One that is written at this moment, or gone, is none. */
function readPast(stack: string, file: string): Map<string, LayerState>[] {
  try {
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
      checkpoint?: { latest?: { resources?: Resource[] } };
    };
    return [layersIn(stack, checkpoint?.latest?.resources ?? [])];
  } catch {
    return [];
  }
}

/** `…/local-1795275918344461222.checkpoint.json` → when it was written, in nanoseconds, near enough to sort by. */
function timeIn(file: string): number {
  return Number(/(\d+)\.checkpoint\.json$/.exec(file)?.[1] ?? 0);
}

async function exported(stack: string, env: Environment, limit: number): Promise<Map<string, LayerState>> {
  const state = await askPulumi(["stack", "export", "--stack", stack], { env, limit });
  const { deployment } = JSON.parse(state) as { deployment?: { resources?: Resource[] } };
  return layersIn(stack, deployment?.resources ?? []);
}

function layersIn(stack: string, resources: readonly Resource[]): Map<string, LayerState> {
  const images = new Map<string, Resource["outputs"]>();
  for (const { urn, type, outputs } of resources) {
    if (type === "docker-build:index:Image") images.set(nameIn(urn), outputs);
  }
  return new Map(
    resources
      .filter(({ type }) => type === "strata:image:Layer")
      .map(({ urn, inputs = {}, outputs = {} }) => {
        const name = nameIn(urn);
        const image = images.get(name);
        const { ref, digest, buildId, record = {} } = outputs;
        const built = typeof digest === "string" ? { ref, digest, buildId, record } : undefined;
        return [
          name,
          {
            stack,
            name,
            inputs,
            built,
            lastDigest: image?.digest,
            tag: image?.tags?.[0],
            builder: image?.builder?.name,
          },
        ];
      }),
  );
}
