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

/** In milliseconds: how long the engine may take to read a state. */
const limit = 60_000;

/** @throws Error where the time runs out: a backend that takes a request and never answers it would hold a program up for ever */
export async function inTime<T>(asked: Promise<T>, milliseconds = limit): Promise<T> {
  const stop = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`Pulumi did not give the stack's state within ${milliseconds / 1000} s; is its backend reachable?`);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}

/** How often a state is read that is being written, and how long to wait between, in milliseconds, more or less. */
const readings = 20;
const pause = 100;

/**
 * Reads again while what is read ends early: a state in a folder is written in place, with every step of an update, this one's
 * first steps among them.
 */
export async function untilWhole<T>(read: () => Promise<T>): Promise<T> {
  for (let reading = 1; ; reading++) {
    try {
      return await inTime(read());
    } catch (error) {
      if (reading === readings || !/\bEOF\b|unexpected end of JSON/.test(String(error))) throw error;
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}
