import { withoutPassword } from "../../components/shown-address";
import { nameIn } from "../../components/urn";
import { projectIn } from "./config-files";
import type { Environment } from "./environment";
import { type Holder, holderText, type Lock, locksIn, runOf, stateFolder } from "./locks";
import { endPlugins, leftPlugins, type Plugin } from "./processes";
import { askPulumi } from "./pulumi";
import { removeHalfWritten, restoreState } from "./whole-state";

export interface RecoverOptions {
  /** The project's folder. */
  readonly folder: string;
  readonly stack: string;
  readonly env: Environment;
  /** Whether somebody says that no run is under way where that cannot be seen from here. */
  readonly yes: boolean;
}

/** An operation that a run had begun and did not live to see the end of. */
export interface PendingOperation {
  /** @example "creating" */
  readonly operation: string;
  readonly type: string;
  readonly name: string;
}

/** What was done. All lists are empty where there was nothing to recover. */
export interface Recovery {
  readonly stack: string;
  /** Plugins that the killed run had left behind, and that were ended. */
  readonly ended: readonly Plugin[];
  /** Plugins that may have a run yet, and were left. */
  readonly left: readonly Plugin[];
  /** The locks that were taken away; null for one whose holder cannot be read. */
  readonly locks: readonly (Holder | null)[];
  readonly pending: readonly PendingOperation[];
  /** The file of the state, where it was put back to what it was before a writing that was killed. */
  readonly restored?: string;
  /** Files beside the state that were half written, and are nothing that anybody misses. */
  readonly removed: readonly string[];
  /** What a backend said whose locks cannot be looked at; undefined for a state in files. */
  readonly cancelled?: string;
}

/** Says why nothing was done: a run is under way, or may be. */
export class RecoveryRefused extends Error {
  override readonly name = "RecoveryRefused";
}

interface Deployment {
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string; readonly type: string };
  }[];
}

/** Resources of which an operation may be forgotten: builds come out the same again, and Pulumi's own are nothing outside its state. */
const repeatable = /^(docker-build|strata|pulumi):/;

/**
 * Tells Pulumi what it needs to be told after a run that was killed: ends the plugins that it left, takes its lock away and clears
 * its pending operations. Does nothing where there is nothing to recover, so it may be run at any time.
 *
 * Pulumi's own way, `refresh --clear-pending-creates`, asks the registry for every image of the stack. That would say of a pending
 * build only whether it was pushed, which nobody needs to know: its tag is its build id, and the next `up` pushes the same again.
 * So the state is exported and imported as it is, which by design drops pending operations: half a second, whatever the size of the
 * family, and also while the registry is down.
 *
 * @throws RecoveryRefused, before anything but files that are half written is changed, where a run is under way on this machine; and
 * without `yes` where one may be elsewhere, or where a pending operation may have made something that has to be looked for
 * @throws Error where the state cannot be read or written
 */
export async function recoverStack({ folder, stack, env, yes }: RecoverOptions): Promise<Recovery> {
  const pulumi = (args: readonly string[], input = "") => askPulumi(args, { env, folder, input });
  const exportState = () => pulumi(["stack", "export", "--stack", stack]);
  const backend =
    env.PULUMI_BACKEND_URL ?? (JSON.parse(await pulumi(["whoami", "--json"])) as { readonly url: string }).url;
  const state = stateFolder(backend);
  if (state === undefined && !yes) refuseUnseen(backend, stack);
  const name = nameOf(stack);
  const findLocks = () => (state === undefined ? [] : locksIn(state, projectIn(folder), name));
  // In this order: a run that ends in between has cleared what it had pending, and is not taken for one that was killed.
  const locks = findLocks();
  const mended = state === undefined ? { removed: [] } : mendState(state, { folder, stack, yes });
  const pending = pendingIn(await exportState());
  if (!yes) refuseForeign(pending, stack);

  const { orphans, unclear } = await leftPlugins(folder, name, backend);
  await endPlugins(orphans);
  const cancel = () => pulumi(["cancel", "--yes", "--stack", stack]);
  // Where nothing is locked, some backends call it an error.
  const cancelled = state === undefined ? (await cancel().catch((error: Error) => error.message)).trim() : undefined;
  if (locks.length > 0) await cancel();
  if (pending.length > 0) {
    // What is imported must be what is there now, and not what another run has changed since.
    const exported = await exportState();
    refuseRunning(findLocks(), stack);
    if (pendingIn(exported).length > 0) await pulumi(["stack", "import", "--stack", stack], exported);
  }
  return {
    stack,
    ended: orphans,
    left: unclear,
    locks: locks.map(({ holder }) => holder ?? null),
    pending,
    ...mended,
    ...(cancelled === undefined ? {} : { cancelled }),
  };
}

/**
 * Puts right what a kill has left half written of a state in a folder. Pulumi cannot read it before, not even to say which stacks there are.
 *
 * @param state the backend's folder
 * @throws RecoveryRefused, before anything is changed, where a run is under way, and without `yes` where one may be
 */
export function mendState(
  state: string,
  { folder, stack, yes }: Omit<RecoverOptions, "env">,
): Pick<Recovery, "restored" | "removed"> {
  const [project, name] = [projectIn(folder), nameOf(stack)];
  const locks = locksIn(state, project, name);
  refuseRunning(locks, stack);
  if (!yes) refuseUnknown(locks, stack);
  const restored = restoreState(state, project, name);
  return { ...(restored === undefined ? {} : { restored }), removed: removeHalfWritten(state, project, name) };
}

/** A line for each thing that was done; of what was left, a line that says what to do. */
export function recoveryLines({ ended, left, locks, pending, restored, removed, cancelled }: Recovery): string[] {
  return [
    ...(restored === undefined ? [] : [`Put back what ${restored} was before it was half written`]),
    ...removed.map((file) => `Took away ${file}, which was half written and is not needed`),
    ...ended.map(({ name, pid }) => `Ended ${name} (process ${pid}), which the run had left behind`),
    ...(cancelled === undefined ? [] : [`pulumi cancel: ${cancelled}`]),
    ...locks.map((holder) => `Took away the lock of ${holderText({ file: "", holder: holder ?? undefined })}`),
    ...pending.map(({ operation, type, name }) => `Cleared a pending operation: ${operation} ${type} ${name}`),
    ...left.map(
      ({ name, pid }) =>
        `Left ${name} (process ${pid}): it may be at work for another run; if not, end it with: kill ${pid}`,
    ),
  ];
}

function refuseRunning(locks: readonly Lock[], stack: string): void {
  const running = locks.find((lock) => runOf(lock) === "running");
  if (!running) return;
  throw new RecoveryRefused(
    `${holderText(running)} is at work on the stack ${stack}; wait for it, or end it with: kill -INT ${running.holder?.pid}`,
  );
}

function refuseUnseen(backend: string, stack: string): never {
  throw new RecoveryRefused(
    `the locks of ${withoutPassword(backend)} cannot be looked at from here; ${whenSure(stack)}`,
  );
}

function refuseUnknown(locks: readonly Lock[], stack: string): void {
  const unknown = locks.find((lock) => runOf(lock) === "unknown");
  if (!unknown) return;
  throw new RecoveryRefused(
    `the stack ${stack} is locked by ${holderText(unknown)}, which cannot be looked at from here; ${whenSure(stack)}`,
  );
}

function whenSure(stack: string): string {
  return `when you are sure that no run is under way: strata recover --stack ${stack} --yes`;
}

function refuseForeign(pending: readonly PendingOperation[], stack: string): void {
  const foreign = pending.filter(({ type }) => !repeatable.test(type));
  if (foreign.length === 0) return;
  const what = foreign.map(({ operation, type, name }) => `${operation} ${type} ${name}`).join(", ");
  throw new RecoveryRefused(
    `a run was killed while ${what}; look whether it was done, then: strata recover --stack ${stack} --yes`,
  );
}

/** Without the organisation. */
function nameOf(stack: string): string {
  return stack.split("/").at(-1) as string;
}

function pendingIn(exported: string): PendingOperation[] {
  const { deployment } = JSON.parse(exported) as { readonly deployment: Deployment };
  return (deployment.pending_operations ?? []).map(({ type, resource }) => ({
    operation: type,
    type: resource.type,
    name: nameIn(resource.urn),
  }));
}
