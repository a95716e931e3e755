import { createRequire, Module } from "node:module";
import { leanStructs } from "./lean-structs";

/*
 * Takes costs out of the start of a program and out of Pulumi's SDK that serve nothing here; docs/decisions/0014 has the figures. It is
 * loaded before anything of Pulumi's: by Pulumi.yaml of the program, by its first line of the provider. STRATA_DEBUG=1 keeps what helps
 * to find a fault.
 */

const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
const zod = createRequire(require.resolve("zod/package.json"));

// npm's own reader of packages is there to send functions to a cloud, and takes as long to load as all else of the SDK. So are npm's
// rules for names and licences, and TypeScript's compiler, which takes 0.2 s.
loadWhenUsed(sdk, "@npmcli/arborist");
loadWhenUsed(sdk, "normalize-package-data");
loadWhenUsed(sdk, "./typescript-shim");
loadWhenUsed(sdk, "./automation");
// It asks V8 for the name of each file that is loaded, for the errors of such functions, which turns V8's debugger on for good.
loadWhenUsed(sdk, "./runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() });
// For a package.yaml, which this project has not.
loadWhenUsed(sdk, "js-yaml");
// Messages in 50 languages.
loadWhenUsed(zod, "./v4/locales/index.cjs");

/**
 * Puts a stand-in into a module's place that loads it when something of it is first used; of a module that is a function, that is its default.
 *
 * @param own what it answers itself
 */
function loadWhenUsed(from: NodeJS.Require, name: string, own: Readonly<Record<string, unknown>> = {}): void {
  const file = from.resolve(name);
  const standIn = standFor(
    file,
    new Proxy<Record<string | symbol, unknown>>(
      { ...own, __esModule: true },
      {
        get: (known, key) => {
          if (key in known) return known[key];
          if (from.cache[file] === standIn) delete from.cache[file];
          const loaded = from(file);
          return key === "default" && !loaded.__esModule ? loaded : loaded[key];
        },
      },
    ),
  );
}

/** Puts a module into the place of a file that is not loaded yet. */
function standFor(file: string, exports: unknown): Module {
  const standIn = new Module(file);
  standIn.exports = exports;
  standIn.loaded = true;
  require.cache[file] ??= standIn;
  return standIn;
}

const { STRATA_DEBUG, TRACEPARENT, PULUMI_EXPERIMENTAL } = process.env;
// With TRACEPARENT Pulumi traces gRPC, which must not be loaded before it does.
if (!STRATA_DEBUG && !TRACEPARENT) {
  // Without this Pulumi starts no trace of its own: nothing comes of a span, and what makes them is a third of all that the SDK loads.
  if (!PULUMI_EXPERIMENTAL) {
    const { trace, INVALID_SPAN_CONTEXT } = sdk("@opentelemetry/api");
    standFor(sdk.resolve("./cmd/run/tracing"), { newSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT) });
  }
  // There are no stacks to be told in lines of the source.
  standFor(sdk.resolve("source-map-support/register"), {});
  // It takes a stack for every promise that it makes.
  Error.stackTraceLimit = 0;
  // The SDK tells the engine several times for each resource what it is about to do, one message after the other, and the engine drops
  // them without --debug.
  Object.assign(sdk("./log"), { debug: () => Promise.resolve() });
  // It tells the engine with each resource the whole stack of its making, whatever that limit is.
  sdk("./resource").Resource.stackTrace = () => [];
  leanStructs(sdk("google-protobuf/google/protobuf/struct_pb").Struct);
}
