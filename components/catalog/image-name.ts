import { InputError } from "./input-error";

/** An image's name, taken apart. */
export interface ImageName {
  /** In full, as registries know it: `docker.io/library/debian`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** A component of a repository's path, by the OCI distribution specification. */
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const host = "[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?";
const pattern = new RegExp(
  `^((?:${host}/)?${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** What the OCI distribution specification allows as one part of a repository's name, and so as a layer's. */
export const layerName = new RegExp(`^${component}$`);

/**
 * Takes an image's name apart by the rules of the distribution project's reference package: the first part is a registry
 * when it has a dot, a colon or an upper-case letter in it, or is `localhost`; else the image is one of Docker Hub.
 *
 * @returns undefined for what is no name of an image
 */
export function readImageName(name: string): ImageName | undefined {
  const [, path = "", tag, digest] = pattern.exec(name) ?? [];
  if (path === "") return undefined;
  const slash = path.indexOf("/");
  const first = slash === -1 ? "" : path.slice(0, slash);
  if (first !== "" && (/[.:A-Z]/.test(first) || first === "localhost")) {
    const rest = path.slice(slash + 1);
    const registry = first === "index.docker.io" ? "docker.io" : first;
    const inLibrary = registry === "docker.io" && !rest.includes("/");
    return { repository: `${registry}/${inLibrary ? "library/" : ""}${rest}`, tag, digest };
  }
  return { repository: `docker.io/${path.includes("/") ? "" : "library/"}${path}`, tag, digest };
}

/**
 * The shortest form of an image's name, which is also the one that BuildKit knows named contexts by:
 * `docker.io/library/debian:12` → `debian:12`, `base:latest` → `base`.
 *
 * @throws InputError at `place` for what is no name of an image
 */
export function familiar(name: string, place: string): string {
  const read = readImageName(name);
  if (!read) throw new InputError(place, `"${name}" is no name of an image; expected one such as debian:trixie-slim`);
  const short = read.repository.replace(/^docker\.io\/(?:library\/)?/, "");
  const tag = read.tag !== undefined && (read.tag !== "latest" || read.digest) ? `:${read.tag}` : "";
  return `${short}${tag}${read.digest ? `@${read.digest}` : ""}`;
}
