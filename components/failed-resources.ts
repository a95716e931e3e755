/**
 * Lets the program say in one line that a resource failed, where the SDK takes each thing that waits for it for a fault of the program: "failed
 * with an unhandled exception", and a stack of promises. Why it failed is the resource's own error, which the engine tells.
 */
export function reportLeftOut(): void {
  // Before the SDK's own listener, which reports an error once, however many wait for it.
  process.prependListener("unhandledRejection", (reason) => {
    const text = reason instanceof Error ? leftOutText(reason.message) : undefined;
    // What the SDK prints without its stack.
    if (text !== undefined) Object.assign(reason as Error, { message: text, __pulumiRunError: true });
  });
}

/** @param message of an error of the SDK (3.259.0, runtime/resource.js and rpc.js) @returns nothing for another error */
export function leftOutText(message: string): string | undefined {
  const [, name, type] = /(?:^|: )resource (\S+) \[(\S+)\] failed to register$/.exec(message) ?? [];
  if (name === undefined) return undefined;
  return `${name} failed, as the error of ${name} (${type}) says; what is made of it was left out`;
}
