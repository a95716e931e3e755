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
