import { standInLabel } from "./stand-ins";

/** Of what an image stands on, the name. */
export const baseNameLabel = "org.opencontainers.image.base.name";

/** What the labels of an image are made of. */
export interface Labelled {
  readonly name: string;
  /** In a sentence; undefined for none. */
  readonly description: string | undefined;
  /** What the image stands on: the name that its Dockerfile uses; undefined for `scratch`. */
  readonly base: string | undefined;
  /** The upstreams beneath, at any depth, for which a stand-in was used. */
  readonly standIns: readonly string[];
}

/** Keys that Strata gives itself, and those that would change while the contents do not. */
export const reservedLabels: readonly string[] = [
  "org.opencontainers.image.title",
  "org.opencontainers.image.description",
  baseNameLabel,
  "org.opencontainers.image.base.digest",
  "org.opencontainers.image.created",
  "org.opencontainers.image.revision",
  "org.opencontainers.image.version",
  "org.opencontainers.image.ref.name",
  standInLabel,
];

/**
 * All labels of an image, by the keys of the OCI image specification (annotations.md), but for the digest of what it stands on. None tells of
 * a time or a commit: a label that changes would change the digest of what did not. Which commit an image came from is
 * kept in the stack's outputs.
 *
 * @param family those of every image, from the configuration
 */
export function labelsOf(
  { name, description, base, standIns }: Labelled,
  family: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ...family,
    "org.opencontainers.image.title": name,
    // Labels are inherited, and what is said of the image beneath is not true of this one.
    "org.opencontainers.image.description": description ?? "",
    ...(base === undefined ? {} : { [baseNameLabel]: base }),
    ...(standIns.length > 0 ? { [standInLabel]: standIns.join(" ") } : {}),
  };
}
