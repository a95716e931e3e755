import { z } from "zod";

/** What `strata why --json` prints, versioned: keys are added to a version, never changed or taken away. */
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const reasons = z.array(z.string()).describe("In the words of strata plan: M etc/motd, parent base.");
const texts = z.record(z.string(), z.string());
const fileChange = z.strictObject({
  path: z.string(),
  change: z.enum(["A", "M", "D"]).describe("Came, changed, went."),
  of: z.array(z.enum(["contents", "mode", "owner", "kind"])).describe("What of it; empty for what came or went."),
  before: z.int().nullable().describe("Its size in bytes; null for what is no file, or not there."),
  after: z.int().nullable(),
});

/** Of `strata why <layer>`. */
export const whySchema = z
  .strictObject({
    version: z.literal(1),
    stack: z.string(),
    layer: z.string(),
    image: z
      .strictObject({
        ref: z.string(),
        digest,
        buildId: z.string().regex(/^[0-9a-f]{64}$/),
        tag: z.string().nullable().describe("Where its build was pushed to, repository:tag."),
      })
      .nullable()
      .describe("What the stack last built; null where it has none of these ingredients."),
    parents: z
      .array(
        z.strictObject({
          name: z.string(),
          kind: z.enum(["layer", "upstream"]),
          digest: z.string().nullable().describe("Null for a layer that is not built yet."),
        }),
      )
      .describe("What the Dockerfile names."),
    ingredients: z
      .strictObject({
        files: z.array(
          z.strictObject({
            path: z.string(),
            mode: z.string().describe("644, 755, link, dir; tree for a folder of many files."),
            hash: z.string(),
          }),
        ),
        dockerfile: z.string().describe("In its normal form."),
        arguments: texts.describe("Those of Strata are among them."),
        platforms: z.array(z.string()),
        rebuild: z.int(),
        parents: z.record(z.string(), z.string().nullable()),
        options: texts.describe("compression, timestamps, label:<key>, secret:<id>"),
      })
      .describe(
        "All that the build id is made of (docs/build-id.md): of the image, or, where there is none, of what would be built.",
      ),
    last: z
      .strictObject({
        commit: z.string(),
        time: z.string(),
        subject: z.string(),
        reasons,
      })
      .nullable()
      .describe("The commit that last changed what the layer is built from, found through merges too."),
    uncommitted: reasons.describe("What of the work tree changes the layer and is in no commit."),
    built: z
      .strictObject({
        seconds: z.number().nullable(),
        sizeBytes: z.int().nullable(),
        addedBytes: z.int().nullable(),
        commit: z.string().nullable(),
      })
      .nullable()
      .describe("What is known of the last real build."),
    tags: z
      .array(z.string())
      .nullable()
      .describe("Those of its repository that name its digest; null where they are not known."),
    stacks: z.array(z.string()).describe("Those of this project, in the same backend, that hold its digest."),
    changes: reasons.describe("Why an update would build it now; empty where it would not."),
    notes: z.array(z.string()).describe("What could not be found out, and why."),
  })
  .describe("Why an image is what it is: strata why <layer> --json.");

export type Why = z.infer<typeof whySchema>;

const messageOfCommit = {
  commit: z.string().describe("The full id."),
  time: z.string(),
  subject: z.string(),
};

/** Of `strata why <layer> --commit <commit>`. */
export const commitImageSchema = z
  .strictObject({
    version: z.literal(1),
    stack: z.string(),
    layer: z.string(),
    commit: z.strictObject(messageOfCommit).describe("The one that was asked about."),
    changed: z
      .strictObject({ ...messageOfCommit, reasons: reasons.describe("Empty where it made the layer.") })
      .describe("The commit, this one or an earlier, that last changed the layer or one beneath it."),
    tag: z.string().describe("What names its image, repository:tag, where its build was tagged so."),
    digest: digest.nullable().describe("Null where there is no such tag."),
    ref: z.string().nullable().describe("repository@digest"),
  })
  .describe("The image of a layer that a commit stands for: strata why <layer> --commit <commit> --json.");

export type CommitImage = z.infer<typeof commitImageSchema>;

const side = z.strictObject({
  digest,
  stack: z.string().nullable().describe("A stack that has, or had, an image with this digest."),
  commit: z.string().nullable().describe("What was checked out for its build."),
});

/** Of `strata why <layer> <digest> <digest>`. */
export const differenceSchema = z
  .strictObject({
    version: z.literal(1),
    layer: z.string(),
    repository: z.string(),
    platform: z.string(),
    platforms: z.array(z.string()).describe("All that both images have."),
    first: side,
    second: side,
    ingredients: reasons
      .nullable()
      .describe("What differs of what they were built from; null where that is not known of both."),
    config: z.array(z.strictObject({ key: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
    steps: z.array(z.strictObject({ in: z.enum(["first", "second"]), step: z.string() })),
    layers: z.array(
      z.strictObject({
        digest,
        size: z.int().describe("In bytes, packed."),
        in: z.enum(["both", "first", "second"]),
        step: z.string().nullable(),
      }),
    ),
    files: z
      .array(fileChange)
      .nullable()
      .describe("What differs in the layers that they do not share; null where that was not read."),
    notes: z.array(z.string()).describe("What could not be found out, and why."),
  })
  .describe("What differs between two images: strata why <layer> <digest> <digest> --json.");

export type Difference = z.infer<typeof differenceSchema>;
