import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { sourceDateEpoch } from "../../components/catalog/build-arguments";
import { standInLabel } from "../../components/catalog/stand-ins";
import { fullRepository, readPins, readStandIns, type StandIns } from "../../components/catalog/upstreams";
import type { Home } from "../home";
import { ownFolder } from "../own-folder";
import { buildkitAddress } from "../services/buildkit";
import { certificatesOf } from "../services/certificates";
import type { Report } from "../toolchain/install";
import { reachable } from "./reachable";
import { alpineRootfs, debianRootfs } from "./rootfs";

/** Makes a root file system for an upstream's tag: rootfs.tar, in a folder that has nothing else. */
type Recipe = {
  readonly make: (tag: string, place: string, home: Home, report: Report) => Promise<void>;
  readonly command: string[];
};

const recipes: Readonly<Record<string, Recipe>> = {
  "docker.io/library/debian": { make: debianRootfs, command: ["bash"] },
  "docker.io/library/alpine": { make: alpineRootfs, command: ["/bin/sh"] },
};

/**
 * For each pinned upstream whose registry this machine cannot reach, makes a substitute under the same name in the local
 * registry and writes its digest into the home, never into the pins.
 *
 * @param registry of this machine: `localhost:5443`
 * @returns the stand-ins that are in use now
 * @throws Error for an upstream that can neither be reached nor be replaced
 */
export async function ensureStandIns(
  pinsFile: string,
  registry: string,
  home: Home,
  report: Report,
): Promise<StandIns> {
  const before = readStandIns(home.standInsFile);
  const standIns: StandIns = {};
  for (const name of await unreachableUpstreams(pinsFile)) {
    const repository = fullRepository(name);
    const ref = `${registry}/${repository.slice(repository.indexOf("/") + 1)}`;
    const made = before[name];
    standIns[name] = made?.ref === ref ? made : { ref, digest: await makeStandIn(name, ref, home, report) };
  }
  const draft = `${home.standInsFile}.${process.pid}`;
  writeFileSync(draft, stringify(standIns));
  renameSync(draft, home.standInsFile);
  return standIns;
}

async function unreachableUpstreams(pinsFile: string): Promise<string[]> {
  const names = Object.keys(readPins(pinsFile));
  const hosts = [...new Set(names.map(hostOf))];
  const answers = new Map(
    await Promise.all(hosts.map(async (host) => [host, await reachable(`https://${host}/v2/`)] as const)),
  );
  return names.filter((name) => !answers.get(hostOf(name)));
}

/** Docker Hub's registry has another name than its references. */
function hostOf(name: string): string {
  const host = fullRepository(name).split("/")[0] as string;
  return host === "docker.io" ? "registry-1.docker.io" : host;
}

async function makeStandIn(name: string, ref: string, home: Home, report: Report): Promise<string> {
  const recipe = recipes[fullRepository(name)];
  if (!recipe) {
    const known = Object.keys(recipes).join(", ");
    throw new Error(
      `${name}: its registry cannot be reached from this machine, and stand-ins can be made only of ${known}`,
    );
  }
  const tag = name.slice(name.lastIndexOf(":") + 1);
  // Another process may make the same.
  const place = ownFolder(join(home.standIns, "making"));
  try {
    await recipe.make(tag, place, home, report);
    report(`pushing the stand-in for ${name}`);
    return await pushImage(name, `${ref}:${tag}`, place, recipe.command, home);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** @param context has rootfs.tar */
async function pushImage(name: string, ref: string, context: string, command: string[], home: Home): Promise<string> {
  const label = `LABEL ${standInLabel}=${JSON.stringify(name)}`;
  writeFileSync(
    join(context, "Dockerfile"),
    `FROM scratch\nADD rootfs.tar /\n${label}\nCMD ${JSON.stringify(command)}\n`,
  );
  const metadata = join(context, "metadata.json");
  const output = `type=image,name=${ref},push=true,oci-mediatypes=true,rewrite-timestamp=true,compression=zstd`;
  await execa(
    "buildctl",
    [
      ...["--addr", buildkitAddress(home), "build", "--progress", "plain", "--frontend", "dockerfile.v0"],
      ...["--local", `context=${context}`, "--local", `dockerfile=${context}`, "--output", output],
      ...["--opt", `build-arg:SOURCE_DATE_EPOCH=${sourceDateEpoch}`, "--opt", "build-arg:BUILDKIT_MULTI_PLATFORM=1"],
      ...["--metadata-file", metadata],
    ],
    { env: { DOCKER_CONFIG: home.docker, SSL_CERT_FILE: certificatesOf(home).bundle }, timeout: 5 * 60_000 },
  );
  if (!existsSync(metadata)) throw new Error(`${name}: BuildKit gave no digest for the stand-in`);
  return (JSON.parse(readFileSync(metadata, "utf8")) as { "containerimage.digest": string })["containerimage.digest"];
}
