import { z } from "zod";

const names = z.array(z.string());
const seconds = z.number().min(0);
const bytes = z.number().min(0);

const layer = z.strictObject({
  name: z.string(),
  action: z
    .enum(["new", "removed", "build", "rebase", "unchanged"])
    .describe("build: steps run. rebase: only what is beneath changes, and no step runs."),
  reasons: names.describe("Why, the layer's own first: M path, A path, D path, argument X, parent base."),
  seconds: seconds
    .nullable()
    .describe("What the last one of the kind took; null where none is known, 0 for nothing to do."),
  bytes: bytes
    .nullable()
    .describe("What the last one of the kind pushed; null where it is not known, 0 for nothing to do."),
  needs: names.describe("The layers that it stands on or takes files from, directly."),
});

const digest = z.string().nullable();

const tag = z.strictObject({
  layer: z.string(),
  tag: z.string().describe("With its repository: ghcr.io/acme/app:1.2."),
  action: z.enum(["new", "moved", "removed"]),
  from: digest.describe("What it names now; null for nothing."),
  to: digest.describe("What it will name; null for nothing, and for an image that is still to be built."),
});

const promoted = z.strictObject({
  layer: z.string(),
  action: z.enum(["new", "promoted", "unchanged", "removed"]),
  from: digest,
  to: digest,
  held: z.boolean().describe("Whether it was chosen, by a rollback for example, and stays until it is told otherwise."),
  commits: z
    .strictObject({ from: z.string().nullable(), to: z.string().nullable() })
    .describe("What was checked out for the builds of both images."),
  between: z
    .array(z.strictObject({ commit: z.string(), subject: z.string() }))
    .nullable()
    .describe("The commits between them, newest first, 21 at most; null where this clone cannot tell."),
});

/** What `strata plan --json` prints. A key that is added keeps the version; one that goes, or means something else, raises it. */
export const planSchema = z
  .strictObject({
    version: z.literal(1),
    stack: z.string(),
    summary: z.string().describe("The plan in a line, for people."),
    layers: z.array(layer).describe("All layers, each after those that it needs; then those that are removed."),
    seconds: seconds
      .nullable()
      .describe("The whole update, as many builds at once as parallel says; null where nothing is known of it."),
    bytes: bytes.nullable().describe("What is pushed in all; null where nothing is known of it."),
    unknown: names.describe("The layers of which it is not known how long they take; they count as 0 in seconds."),
    criticalPath: z
      .strictObject({ layers: names, seconds })
      .describe("The longest chain of layers that are built, each standing on the one before."),
    levels: z.array(names).describe("What can be built side by side, when all of the level before is there."),
    parallel: z.int().min(1).describe("How many builds may run at once: strata:parallel."),
    tests: names.describe("The layers whose image tests run."),
    tags: z.array(tag).describe("What becomes of the tags that people pull."),
    promotions: z
      .strictObject({ from: z.string().describe("The stack."), layers: z.array(promoted) })
      .nullable()
      .describe("Of a stack that promotes, what it takes over; null for one that builds."),
    others: names.describe("Changes of what is no layer, in Pulumi's words."),
    warnings: names.describe("What Pulumi warns of."),
  })
  .describe("The plan of an update of a stack, as strata plan --json prints it.");

export type PlanJson = z.infer<typeof planSchema>;
