import { createRequire, Module } from "node:module";

/*
 * Takes two costs out of Pulumi's SDK that serve nothing here; docs/decisions/0014 has the figures. To be imported before the SDK is.
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

// The SDK tells the engine several times for each resource what it is about to do, one message after the other, and the engine drops
// what it was not asked for. STRATA_DEBUG=1 keeps them, for `pulumi --debug`.
if (!process.env.STRATA_DEBUG) Object.assign(sdk("./log"), { debug: () => Promise.resolve() });
