import { createRequire, Module } from "node:module";

/*
 * Takes three costs out of Pulumi's SDK that serve nothing here; docs/decisions/0014 has the figures. To be imported before the SDK is.
 * STRATA_DEBUG=1 keeps what helps to find a fault.
 */

const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));

// To send functions to a cloud, which no program of Strata does, the SDK loads npm's own reader of packages: as long as all else of it
// takes to load. Now it is loaded when it is used.
const reader = sdk.resolve("@npmcli/arborist");
const standIn = new Module(reader);
standIn.exports = {
  // A function that is called with `new` may return another object.
  Arborist: function arborist(options: unknown) {
    delete sdk.cache[reader];
    return new (sdk(reader).Arborist)(options);
  },
};
standIn.loaded = true;
sdk.cache[reader] ??= standIn;

if (!process.env.STRATA_DEBUG) {
  // The SDK tells the engine several times for each resource what it is about to do, one message after the other, and the engine drops
  // them without --debug.
  Object.assign(sdk("./log"), { debug: () => Promise.resolve() });
  // It takes a stack for every promise that it makes, and ts-node looks up each of its frames.
  Error.stackTraceLimit = 0;
  // It tells the engine with each resource the whole stack of its making, whatever that limit is.
  sdk("./resource").Resource.stackTrace = () => [];
}
