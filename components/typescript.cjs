// Compiles TypeScript for the commands and for the program, as tsconfig.json has ts-node do it for the tests. It is not ts-node, since
// that loads TypeScript itself to read tsconfig.json: docs/decisions/0014-lean-sdk.md.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

// Without it no stack is ever shown: STRATA_DEBUG=1 is how a fault of Strata's own is found.
const debugging = Boolean(process.env.STRATA_DEBUG);
if (debugging) {
  // Pulumi tells lines by this, which would else take them for those of the files as they lie there.
  const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
  sdk("source-map-support").install({ hookRequire: true });
}

require.extensions[".ts"] = (module, filename) => {
  module._compile(javascriptOf(readFileSync(filename, "utf8"), filename), filename);
};

function javascriptOf(source, filename) {
  const { transformSync } = require("@swc/core");
  const { code } = transformSync(source, {
    filename,
    swcrc: false,
    configFile: false,
    sourceMaps: debugging ? "inline" : false,
    module: { type: "commonjs", ignoreDynamic: true },
    jsc: { target: "es2022", keepClassNames: true, parser: { syntax: "typescript" } },
  });
  return code;
}
