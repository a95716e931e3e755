import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { askTool, NoAnswer } from "../ask-tool";
import { InputError } from "../catalog/input-error";
import { byStack } from "../own-state";
import type { Settings } from "../settings";
import { withoutPassword } from "../shown-address";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What is read of another stack's output `layers`. */
const layersSchema = z.record(
  z.string(),
  z.object({
    ref: z.string().regex(/@sha256:[0-9a-f]{64}$/),
    digest,
    buildId: z.string(),
    platforms: z.array(z.string()),
    standIn: z.array(z.string()),
    tests: z.number(),
    untested: z.boolean().optional(),
    testsId: z.string().optional(),
    addedBytes: z.number().optional(),
    newest: z.object({ path: z.string(), time: z.string() }).nullish(),
    versions: z.record(z.string(), digest).default({}),
    changed: z.string().optional(),
    commit: z.string().optional(),
    seconds: z.number().optional(),
    sizeBytes: z.number().optional(),
  }),
);

/** Another stack's images, by layer. */
export type SourceLayers = Readonly<Record<string, SourceLayer>>;
export type SourceLayer = z.infer<typeof layersSchema>[string];

/** Which stack it is. */
export interface Source {
  /** @example "dev", "acme/images/dev" */
  readonly stack: string;
  /** Where its state is; undefined for where this stack's is. */
  readonly backend: string | undefined;
  /** The key that names it, for errors. @example "strata:promoteFrom" */
  readonly key: string;
}

/** The stack whose images a stack uses or takes over, if it does. */
export function sourceIn({ promoteFrom, reuseFrom, fromBackend: backend }: Settings): Source | undefined {
  if (promoteFrom !== undefined) return { stack: promoteFrom, backend, key: "strata:promoteFrom" };
  return reuseFrom === undefined ? undefined : { stack: reuseFrom, backend, key: "strata:reuseFrom" };
}

/** In milliseconds, for what Pulumi is asked of another backend. */
const limit = 60_000;

/**
 * What another stack has. Its output `layers` is all that is read of it.
 *
 * @throws InputError for a stack that cannot be read, and for one that has no images
 */
export async function layersOf(source: Source): Promise<SourceLayers> {
  const outputs = await (source.backend === undefined ? here(source) : elsewhere(source, source.backend));
  const none = `the stack ${source.stack} has no images yet; build them: pulumi up --stack ${source.stack}`;
  if (outputs === undefined || Object.keys(outputs).length === 0) throw new InputError(source.key, none);
  const result = layersSchema.safeParse(outputs);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InputError(
    source.key,
    `the output "layers" of the stack ${source.stack} is not Strata's: ${issue?.path.join(".")}: ${issue?.message}`,
  );
}

/** The same where not all that is done needs them: of a stack that cannot be read, nothing, with a warning that says why. */
export async function layersIfThere(
  source: Source,
): Promise<{ readonly offered: SourceLayers; readonly unread: InputError | undefined }> {
  try {
    return { offered: await layersOf(source), unread: undefined };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    void pulumi.log.warn(error.message);
    return { offered: {}, unread: error };
  }
}

/** By the engine that runs this program. */
async function here({ stack, key }: Source): Promise<object | undefined> {
  try {
    const read = await byStack(stack, (name) => pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name }));
    return (read as { outputs?: { layers?: object } }).outputs?.layers;
  } catch (error) {
    throw new InputError(key, `the stack ${stack} cannot be read: ${firstLine((error as Error).message)}`);
  }
}

async function elsewhere({ stack, key }: Source, backend: string): Promise<object | undefined> {
  const args = ["stack", "output", "--json", "--non-interactive", "--stack", stack];
  try {
    const said = await askTool("pulumi", args, {
      limit,
      env: { PULUMI_BACKEND_URL: backend, PULUMI_STACK: undefined },
    });
    return (JSON.parse(said) as { layers?: object }).layers;
  } catch (error) {
    const why = error instanceof NoAnswer ? error.said : (error as Error).message;
    const said = withoutPassword(firstLine(why));
    throw new InputError(key, `the stack ${stack} cannot be read in ${withoutPassword(backend)}: ${said}`);
  }
}

function firstLine(text: string): string {
  return text.replace(/^error: /, "").split("\n")[0] ?? "";
}
