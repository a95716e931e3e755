import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { execa } from "execa";
import { type Browser, chromium } from "playwright-core";
import { root } from "../../tools/home";

const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/**
 * Starts a Chromium of its own, without a window, with a new profile. It is the one of `CHROMIUM_PATH`, else the one that npm's
 * @sparticuz/chromium brings for Linux on amd64, else one on PATH.
 *
 * @returns undefined where there is none
 */
export async function startBrowser(): Promise<Browser | undefined> {
  const { CHROMIUM_PATH: own } = process.env;
  if (own) return launch(own);
  if (process.platform === "linux" && process.arch === "x64") {
    const folder = await unpackedChromium();
    return launch(join(folder, "chromium"), { LD_LIBRARY_PATH: join(folder, "lib") });
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(existsSync);
  return found === undefined ? undefined : launch(found);
}

function launch(executablePath: string, env: Readonly<Record<string, string>> = {}): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags, timeout: 60_000, env: { ...process.env, ...env } });
}

/**
 * The package has the browser and the libraries that it looks for at run time compressed. Its own way of unpacking leaves a half one
 * behind when it is killed, in a folder that all users of a machine share.
 */
async function unpackedChromium(): Promise<string> {
  const source = join(root, "node_modules/@sparticuz/chromium");
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string };
  const parent = join(root, ".strata/chromium");
  const folder = join(parent, version);
  if (existsSync(folder)) return folder;
  mkdirSync(parent, { recursive: true });
  const unpacking = mkdtempSync(join(parent, "unpacking-"));
  try {
    const unpack = (from: string, to: string, mode?: number) =>
      pipeline(
        createReadStream(join(source, "bin", from)),
        createBrotliDecompress(),
        createWriteStream(join(unpacking, to), { mode }),
      );
    await unpack("chromium.br", "chromium", 0o755);
    await unpack("al2023.tar.br", "libraries.tar");
    await execa("tar", ["-xf", "libraries.tar"], { cwd: unpacking, timeout: 60_000 });
    renameSync(unpacking, folder);
  } catch (error) {
    rmSync(unpacking, { recursive: true, force: true });
    // Another run may have been faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
