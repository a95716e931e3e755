// The first step of `npm start`, `npm test` and `npm run bench`. It runs on whatever Node.js calls npm, before any package
// is there, so it is plain JavaScript without dependencies: it installs the packages and hands over to tools/<command>.ts.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const commands = {
  start: "tools/start.ts",
  test: "tools/test.ts",
  bench: "bench/bench.ts",
};

installPackages();
const entry = commands[process.argv[2]];
if (!entry) fail(`usage: node tools/setup.mjs ${Object.keys(commands).join(" | ")}`, 2);

const node = join(root, "node_modules/.bin/node");
// As Go's programs do, use the proxy and the certificate authorities that the machine is set up with.
const flags = ["--use-system-ca", "-r", "ts-node/register/transpile-only"];
// Before the child is there, since it may be told to end at once. Ctrl-C on a terminal reaches it by itself, and a second one makes
// tests end without cleaning up. We stay to report how it ended.
process.on("SIGINT", () => {
  if (!isInForeground()) child.kill("SIGINT");
});
process.on("SIGTERM", () => child.kill("SIGTERM"));
const child = spawn(node, [...flags, join(root, entry), ...process.argv.slice(3)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, NODE_USE_ENV_PROXY: "1" },
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

/** `npm ci`, unless the lock file is the one that was installed last. */
function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules/.strata-installed");
  if (readOr(stamp) === lock) return;
  console.log("Installing npm packages (about half a minute) …");
  const home = join(root, ".strata/pulumi");
  mkdirSync(home, { recursive: true });
  const installed = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    // A package's install script asks a Pulumi on PATH for a plugin; PULUMI_HOME keeps that out of the user's own home.
    env: { ...process.env, PULUMI_HOME: home },
    timeout: 10 * 60_000,
  });
  if (installed.status !== 0) fail("npm ci failed; the lines above say why. It is safe to run the command again.", 1);
  writeFileSync(stamp, lock);
}

/** As in stack/processes.ts, which cannot be loaded here. */
function isInForeground() {
  if (process.platform === "linux") {
    const stat = readOr("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[2] === fields[5];
  }
  const asked = ["-p", String(process.pid), "-o", "pgid=,tpgid="];
  const { stdout } = spawnSync("ps", asked, { encoding: "utf8", timeout: 5_000 });
  const [group, foreground] = stdout?.trim().split(/\s+/) ?? [];
  return group !== undefined && group === foreground;
}

function readOr(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}
