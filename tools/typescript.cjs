// Compiles what a command loads of TypeScript, as tsconfig.json has ts-node do it for tests and for Pulumi. It is not ts-node itself,
// since that loads TypeScript to read tsconfig.json: 0.2 s of each command (docs/decisions/0014-lean-sdk.md).
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");

process.setSourceMapsEnabled(true);

require.extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), {
    filename,
    swcrc: false,
    configFile: false,
    sourceMaps: "inline",
    module: { type: "commonjs", ignoreDynamic: true },
    jsc: { target: "es2022", keepClassNames: true, parser: { syntax: "typescript" } },
  });
  module._compile(code, filename);
};
