import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Undoes something where this process ends before it is done, at Ctrl-C for example. While another part of the process has taken its
 * signals over, as a preview and an update do, the end is that part's to see to.
 *
 * @returns to be called when it is done, or undone
 */
export function undoAtEnd(undo: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (!isTaken(signal)) process.exit(128 + constants.signals[signal]);
  };
  const onExit = () => {
    if (!isTaken("SIGTERM")) undo();
  };
  for (const signal of signals) process.on(signal, onSignal);
  process.on("exit", onExit);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off("exit", onExit);
  };
}

/** Whether somebody besides us listens. While execa runs a program it listens to nearly every signal, and leaves the end to others. */
function isTaken(signal: NodeJS.Signals): boolean {
  return process.listenerCount(signal) - 1 > process.listenerCount("SIGQUIT");
}
