import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** A resource as a state has it. */
export interface StateEntry {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the outputs of any resource
  readonly outputs: Readonly<Record<string, any>>;
}

/** By URN. */
export type StateEntries = Readonly<Record<string, StateEntry>>;

let read: Promise<StateEntries> | undefined;

/**
 * What this stack's own state has of each resource before this program's first step: read once. Only the state tells of an update that
 * failed.
 */
export function ownResources(): Promise<StateEntries> {
  read ??= readResources();
  return read;
}

async function readResources(): Promise<StateEntries> {
  const found = await byStack(pulumi.getStack(), (stackName) =>
    pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName }),
  );
  return (found as { outputs?: StateEntries }).outputs ?? {};
}

/**
 * Asks the engine about a stack of this backend.
 *
 * @param stack `dev`, or with its organisation and project: `acme/images/dev`
 */
export async function byStack<T>(stack: string, ask: (name: string) => Promise<T>): Promise<T> {
  const full = stack.includes("/") ? stack : `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  return untilWhole(() => ask(full)).catch((error: Error) =>
    // A state that an old Pulumi made in files knows stacks by their own names alone.
    untilWhole(() => ask(stack)).catch(() => {
      throw error;
    }),
  );
}

/** How often a state is read that is being written, and how long to wait between, in milliseconds. */
const readings = 20;
const pause = 100;

/**
 * Reads again while what is read ends early: a state in a folder is written in place, with every step of an update, this one's
 * first steps among them.
 */
export async function untilWhole<T>(read: () => Promise<T>): Promise<T> {
  for (let reading = 1; ; reading++) {
    try {
      return await read();
    } catch (error) {
      if (reading === readings || !/\bEOF\b|unexpected end of JSON/.test(String(error))) throw error;
      await sleep(pause);
    }
  }
}
