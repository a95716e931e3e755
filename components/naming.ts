import { InputError } from "./catalog/input-error";

/** Where a layer's image goes. */
export interface ImagePlace {
  /** @example "ghcr.io/acme/base" */
  readonly repository: string;
  /** What each of the layer's tags begins with; empty where the layer has a repository of its own. @example "base-" */
  readonly tagPrefix: string;
}

/** What a template's words in braces stand for. */
export interface Names {
  readonly registry: string;
  readonly organisation: string;
  readonly name: string;
}

/** What the OCI distribution specification 1.1 allows behind the host of a registry, and as a tag. */
const path = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const longestPath = 255;
const longestTag = 128;

/** `b-` and the 64 digits of a build id: the longest of the tags that Strata itself makes. */
const tagLength = 66;

/**
 * The repository of a layer. A template without `{name}` is one repository for all layers, whose tags begin with the layer's name.
 *
 * @param template `strata:repository`. @example "{registry}/{organisation}/{name}"
 * @throws InputError for a word that there is not, and for what no registry would take
 */
export function placeOf(template: string, names: Names): ImagePlace {
  const key = "strata:repository";
  const repository = template.replace(/\{([^}]*)\}/g, (_, word: string) => {
    if (word === "registry" || word === "organisation" || word === "name") return names[word];
    throw new InputError(key, `there is no {${word}}; a template may have {registry}, {organisation} and {name}`);
  });
  const slash = repository.indexOf("/");
  const [host, rest] = [repository.slice(0, slash), repository.slice(slash + 1)];
  if (slash === -1 || !/^[A-Za-z0-9.-]+(?::\d+)?$/.test(host) || !path.test(rest)) {
    throw new InputError(
      key,
      `"${template}" makes ${repository} of the layer ${names.name}, which is no repository; expected a registry's host, a slash, and lower-case letters, digits and separators`,
    );
  }
  if (rest.length > longestPath) {
    throw new InputError(
      key,
      `"${template}" makes a repository of ${rest.length} characters, and registries take ${longestPath}`,
    );
  }
  const tagPrefix = template.includes("{name}") ? "" : `${names.name}-`;
  if (tagPrefix.length + tagLength > longestTag) {
    throw new InputError(
      key,
      `the layer's name ${names.name} is too long to begin a tag with; put {name} into the template`,
    );
  }
  return { repository, tagPrefix };
}
