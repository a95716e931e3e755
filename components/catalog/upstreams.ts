import { z } from "zod";
import { disk, type FileSystem } from "./file-system";
import { familiar, readImageName } from "./image-name";
import { InputError } from "./input-error";
import { readTextIfThere } from "./read-text";
import { readYaml } from "./read-yaml";

/** An image that someone else publishes, pinned. */
export interface Upstream {
  /** In its shortest form: `debian:trixie-slim`. */
  readonly name: string;
  /** Where builds get it: `docker.io/library/debian@sha256:…`. */
  readonly ref: string;
  readonly digest: string;
  /** True where `ref` is a substitute made on this machine. */
  readonly standIn: boolean;
}

/** The digest of an upstream that is not pinned, where a family is only surveyed. */
export const unpinned = "unpinned";

/** A digest in the only form that registries use: `sha256:` and 64 hexadecimal digits. */
const digestPattern = /^sha256:[0-9a-f]{64}$/;

const digest = z.string().regex(digestPattern, "expected a digest, sha256: and 64 hexadecimal digits");
const pinsSchema = z.record(z.string(), digest);
const standInsSchema = z.record(z.string(), z.object({ ref: z.string(), digest }));

/** What `.strata/stand-ins.yaml` holds: for each upstream's name the substitute's repository and digest. */
export type StandIns = z.infer<typeof standInsSchema>;

/**
 * Reads the pinned upstreams, and puts stand-ins in the place of those that have one.
 *
 * @param pinsFile upstreams.yaml: name → digest
 * @param standInsFile only for stacks that may use stand-ins; a file that is missing counts as empty
 * @throws InputError for a pin that is no digest, and for a file that is missing or no YAML
 */
export function readUpstreams(
  pinsFile: string,
  standInsFile?: string,
  system: FileSystem = disk,
): Map<string, Upstream> {
  const pins = readPins(pinsFile, system);
  const standIns = standInsFile ? readStandIns(standInsFile) : {};
  const upstreams = new Map<string, Upstream>();
  for (const [written, pin] of Object.entries(pins)) {
    const name = familiar(written, pinsFile);
    const standIn = standIns[written];
    const ref = standIn ? `${standIn.ref}@${standIn.digest}` : `${fullRepository(name)}@${pin}`;
    upstreams.set(name, { name, ref, digest: standIn?.digest ?? pin, standIn: standIn !== undefined });
  }
  return upstreams;
}

/**
 * A pin is of what its publisher published. The digest of a stand-in in its place would bring it to stacks that must not build on one.
 *
 * @param standInsFile those that were made on this machine
 * @throws InputError for a pin that is a stand-in's digest
 */
export function refusePinnedStandIns(pinsFile: string, standInsFile: string): void {
  const made = new Set(Object.values(readStandIns(standInsFile)).map(({ digest }) => digest));
  for (const [name, pin] of Object.entries(readPins(pinsFile))) {
    if (!made.has(pin)) continue;
    throw new InputError(pinsFile, `${name}: this is the digest of a stand-in; write the one that was published`);
  }
}

/** @throws InputError naming the file and the key */
export function readPins(file: string, system: FileSystem = disk): Record<string, string> {
  const text = readTextIfThere(file, system);
  if (text === undefined)
    throw new InputError(file, "no such file; make it, with a line NAME: DIGEST for each upstream");
  return readYaml(file, text, pinsSchema);
}

/** @throws InputError naming the file and the key */
export function readStandIns(file: string): StandIns {
  return readYaml(file, readTextIfThere(file) ?? "", standInsSchema);
}

/** The repository in full, as registries know it: `debian:trixie-slim` → `docker.io/library/debian`. */
export function fullRepository(name: string): string {
  return readImageName(name)?.repository ?? name;
}
