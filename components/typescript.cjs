// Compiles TypeScript for the commands and for the program, as tsconfig.json has ts-node do it for the tests. It is not ts-node, since
// that loads TypeScript itself to read tsconfig.json, and keeps nothing of what it compiled: docs/decisions/0014-lean-sdk.md.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

// Without it no stack is ever shown: STRATA_DEBUG=1 is how a fault of Strata's own is found.
const debugging = Boolean(process.env.STRATA_DEBUG);
if (debugging) process.setSourceMapsEnabled(true);

/** Beside what Node.js keeps of compiled JavaScript; nothing is kept where that is not. */
const kept = process.env.NODE_COMPILE_CACHE && join(process.env.NODE_COMPILE_CACHE, "typescript");
const { version } = require("@swc/core/package.json");

require.extensions[".ts"] = (module, filename) => {
  module._compile(javascriptOf(readFileSync(filename, "utf8"), filename), filename);
};

function javascriptOf(source, filename) {
  if (!kept) return compiled(source, filename);
  const key = createHash("sha256")
    .update(`${version} ${debugging ? filename : ""}\n${source}`)
    .digest("hex");
  const file = join(kept, `${key}.js`);
  try {
    return readFileSync(file, "utf8");
  } catch {
    const code = compiled(source, filename);
    keep(file, code);
    return code;
  }
}

function compiled(source, filename) {
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

/** As a whole or not at all, since another process may read it. A disk that is full or not ours is no reason to fail. */
function keep(file, code) {
  try {
    mkdirSync(kept, { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, code);
    renameSync(draft, file);
  } catch {}
}
