import { z } from "zod";

const schema = z.object({ layers: z.array(z.string()), rollback: z.boolean() });

/** What a stack that promotes is asked for by one update. It is no configuration, so that it binds none that comes later. */
export interface Request {
  /** The only layers that may change. */
  readonly layers: readonly string[];
  /** Whether what `strata:hold` says of them was written for this update. */
  readonly rollback: boolean;
}

/** Made anew for each update by `strata release` and `strata rollback`. */
const variable = "STRATA_REQUEST";

/** @throws ZodError for what no verb has put there */
export function requestIn(env: NodeJS.ProcessEnv): Request | undefined {
  const text = env[variable];
  return text ? schema.parse(JSON.parse(text)) : undefined;
}

/** The variables by which an update comes to know what it is asked for. */
export function requestVariables(request: Request | undefined): Readonly<Record<string, string>> {
  return request ? { [variable]: JSON.stringify(request) } : {};
}
