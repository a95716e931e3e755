// Loaded by Node.js before Pulumi's program (--require): notes when its parts begin and end, without a change to the program. Plain
// JavaScript, since it comes before what compiles TypeScript.
const Module = require("node:module");
const { writeFileSync } = require("node:fs");

const file = process.env.STRATA_BENCH_MARKS;
// Pulumi runs the program by this file of its SDK; other Node.js processes are none of ours.
if (file && /cmd[\\/]run/.test(process.argv[1] ?? "")) watch();

function watch() {
  const now = () => performance.timeOrigin + performance.now();
  const marks = { process: performance.timeOrigin, staging: 0 };
  const timed = (stage) => {
    const began = now();
    const staged = stage();
    marks.staging += now() - began;
    return staged;
  };
  const load = Module._load;
  const wraps = {
    "./components/catalog/catalog": (loaded) => ({
      ...loaded,
      readCatalog: (...args) => {
        marks.catalog = now();
        const catalog = loaded.readCatalog(...args);
        marks.catalogEnd = now();
        return catalog;
      },
    }),
    "./catalog/stage": (loaded) => ({
      ...loaded,
      stageLayer: (...args) => {
        const staged = timed(() => loaded.stageLayer(...args));
        return { ...staged, layOut: () => timed(staged.layOut) };
      },
    }),
    "./components/family": (loaded) => ({
      ...loaded,
      Family: new Proxy(loaded.Family, {
        construct(target, args, newTarget) {
          marks.family = now();
          const made = Reflect.construct(target, args, newTarget);
          marks.familyEnd = now();
          return made;
        },
      }),
    }),
  };
  Module._load = function (request, ...rest) {
    if (/[\\/]index\.ts$/.test(request)) marks.program ??= now();
    const loaded = load.call(this, request, ...rest);
    return wraps[request] ? wraps[request](loaded) : loaded;
  };
  process.on("exit", () => {
    marks.end = now();
    writeFileSync(file, JSON.stringify(marks));
  });
}
