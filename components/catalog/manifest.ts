import { z } from "zod";
import { disk, type FileSystem } from "./file-system";
import { platform } from "./platform";
import { readTextIfThere } from "./read-text";
import { readYaml } from "./read-yaml";

/** What `image.yaml` beside a Dockerfile may say: only what the Dockerfile itself cannot. All of it is optional. */
export const manifestSchema = z
  .strictObject({
    description: z.string().min(1).optional().describe("What the image is for, in a sentence."),
    platforms: z
      .array(platform, { error: "expected a list, such as [linux/amd64]" })
      .min(1)
      .optional()
      .describe("What the image is built for, in the place of strata:platforms."),
    testPlatforms: z
      .array(platform, { error: "expected a list, such as [linux/amd64]" })
      .min(1)
      .optional()
      .describe("Those of its platforms that its tests run on, where the builder cannot run all. All by default."),
    context: z
      .string()
      .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, "expected a folder relative to the repository's root, without ..")
      .optional()
      .describe("The build context: a folder relative to the repository's root. The image's own folder by default."),
    arguments: z
      .record(
        z.string().regex(/^[A-Za-z_]\w*$/, "expected the name of an ARG"),
        z.string({ error: "expected text; put a number in quotes" }),
      )
      .optional()
      .describe(
        "Values for ARGs of the Dockerfile, in the place of their defaults. Never secrets: they are visible in the image.",
      ),
    sizeBudget: z
      .string()
      .regex(/^\d+(\.\d+)? ?(kB|MB|GB)$/, "expected a size such as 550 MB")
      .optional()
      .describe("The most that the image may add to the one it stands on, compressed."),
    timestamps: z
      .literal("constant", { error: "expected constant, or no such key" })
      .optional()
      .describe(
        "Says that its own steps give every file the same time in each build (SOURCE_DATE_EPOCH), so that nothing rewrites them.",
      ),
    rebuild: z
      .int()
      .min(1)
      .optional()
      .describe("A number to raise when the image is to be built anew though nothing of it changed."),
  })
  .describe("What a Dockerfile of a Strata family cannot say itself.");

export type Manifest = z.infer<typeof manifestSchema>;

/** @param file `images/<name>/image.yaml`; one that is missing says nothing. @throws InputError naming file, line and key */
export function readManifest(file: string, system: FileSystem = disk): Manifest {
  return readYaml(file, readTextIfThere(file, system) ?? "", manifestSchema);
}
