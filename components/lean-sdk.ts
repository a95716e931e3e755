import { createRequire, Module } from "node:module";

/*
 * Takes costs out of the start of a program and out of Pulumi's SDK that serve nothing here; docs/decisions/0014 has the figures. To be
 * imported before the SDK is. STRATA_DEBUG=1 keeps what helps to find a fault.
 */

const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));

// npm's own reader of packages is there to send functions to a cloud, and takes as long to load as all else of the SDK. TypeScript's
// compiler is there for the same, and takes 0.2 s.
loadWhenUsed("@npmcli/arborist");
loadWhenUsed("./typescript-shim");
loadWhenUsed("./automation");

/** Puts a stand-in into a module's place that loads it when something of it is first used. */
function loadWhenUsed(name: string): void {
  const file = sdk.resolve(name);
  const standIn = new Module(file);
  standIn.exports = new Proxy<Record<string | symbol, unknown>>(
    { __esModule: true },
    {
      get: (own, key) => {
        if (key in own) return own[key];
        if (sdk.cache[file] === standIn) delete sdk.cache[file];
        return sdk(file)[key];
      },
    },
  );
  standIn.loaded = true;
  sdk.cache[file] ??= standIn;
}

if (!process.env.STRATA_DEBUG) {
  // The SDK tells the engine several times for each resource what it is about to do, one message after the other, and the engine drops
  // them without --debug.
  Object.assign(sdk("./log"), { debug: () => Promise.resolve() });
  // It takes a stack for every promise that it makes.
  Error.stackTraceLimit = 0;
  // It tells the engine with each resource the whole stack of its making, whatever that limit is.
  sdk("./resource").Resource.stackTrace = () => [];
}
