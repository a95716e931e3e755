/**
 * 2020-01-01T00:00:00Z in seconds. Every file of an image is as old as this at most, so that the same contents have the
 * same digest whenever and wherever they are built.
 */
export const sourceDateEpoch = 1577836800;

/** The build arguments that every layer is built with. */
export const buildArguments = {
  SOURCE_DATE_EPOCH: String(sourceDateEpoch),
  // An index even for one platform: then an image's kind does not change with the number of its platforms.
  BUILDKIT_MULTI_PLATFORM: "1",
} as const;

/**
 * Host and address that a build with a forced rebuild is given for /etc/hosts of its steps, which no image gets to see: with another one
 * BuildKit finds no step in its caches, and runs them all.
 *
 * @param rebuild as image.yaml has it, 1 or more
 */
export function rebuildHost(rebuild: number): readonly [host: string, address: string] {
  return [`rebuild-${rebuild}`, "127.0.0.1"];
}
