import { InputError } from "../catalog/input-error";

/** What a layer is held at: a digest, a version, `true` for what the stack has of it, `false` for nothing. */
export type Hold = boolean | string;

/** An image that a stack that promotes has, or has had. */
export interface PromotedImage {
  /** `sha256:…` */
  readonly digest: string;
  readonly buildId?: string | undefined;
  /** What was checked out for its build. */
  readonly commit?: string | undefined;
  /** The commit that last changed what it is made of. */
  readonly changed?: string | undefined;
  /** @example ["linux/amd64"] */
  readonly platforms?: readonly string[] | undefined;
}

/** The image that it is to have. */
export interface ChosenImage extends PromotedImage {
  /** Whether it was chosen, so that it stays until it is told otherwise. */
  readonly held: boolean;
}

/** What a stack remembers of what `strata:hold` said of a layer. */
export interface Orders {
  /** What it said when it was last obeyed; undefined for nothing so far. */
  readonly obeyed?: Hold | undefined;
  /** What it said before a rollback, and may still say in clones that have not heard of that. */
  readonly overruled: readonly Hold[];
}

/** What a stack that promotes has of a layer, as its state tells. */
export interface Promoted extends ChosenImage, Orders {
  /** Where it is. */
  readonly repository: string;
  /** What was copied. @example "ghcr.io/acme/app@sha256:…" */
  readonly source: string;
  /** What it had before, newest first. */
  readonly before: readonly PromotedImage[];
  /** version → digest */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Which image of a layer a stack that promotes is to have. What it was told stays until it is told otherwise, also by an update
 * from a clone that has not heard of it: no promotion undoes a rollback by itself.
 *
 * @param told the order that `strata:hold` gives; undefined for none
 * @param has what the stack has of it; undefined for nothing
 * @param offered what the stack has that is promoted from; undefined for nothing
 * @returns undefined for a layer that is held back and was never promoted
 * @throws InputError for a version that there is not, and for a digest of which nobody knows whether its checks passed
 */
export function chosenImage(
  layer: string,
  told: Hold | undefined,
  has: Promoted | undefined,
  offered: (PromotedImage & { readonly versions: Readonly<Record<string, string>> }) | undefined,
): ChosenImage | undefined {
  if (told === true || (told === undefined && has?.held)) return has && { ...keptImage(has), held: true };
  if (told === undefined || told === false) return offered && { ...imageOf(offered), held: false };
  const versions = { ...offered?.versions, ...has?.versions };
  const digest = told.startsWith("sha256:") ? told : versions[told];
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    const known = Object.keys(versions).join(", ") || "none";
    throw new InputError(
      `strata:hold.${layer}`,
      `there is no version "${told}" of ${layer} (there is ${known}); give one, or a digest: sha256: and 64 digits`,
    );
  }
  const known = [offered, has, ...(has?.before ?? [])].find((image) => image?.digest === digest);
  if (!known && !Object.values(versions).includes(digest)) {
    throw new InputError(
      `strata:hold.${layer}`,
      `${digest} is neither a version of ${layer} nor an image that this stack has had, so that nobody knows whether its checks passed; release it there first: strata release ${layer}`,
    );
  }
  return { ...(known ? imageOf(known) : { digest }), held: true };
}

/**
 * Whether what `strata:hold` says is an order. A clone says what it said when it was made: what a rollback has overruled is none when it
 * comes from somewhere else, until another rollback says it.
 *
 * @param says undefined for nothing
 * @param has what the stack remembers; undefined for a layer that it does not have
 * @param rollback whether it was written for this very update
 * @returns the order, undefined for none, and what is to be remembered
 */
export function ordersAfter(
  says: Hold | undefined,
  has: Orders | undefined,
  rollback: boolean,
): Orders & { readonly order: Hold | undefined } {
  const { obeyed, overruled = [] } = has ?? {};
  if (says === undefined || (!rollback && overruled.includes(says))) return { order: undefined, obeyed, overruled };
  const past = rollback && obeyed !== undefined ? new Set([...overruled, obeyed]) : overruled;
  // What ends a rollback is taken out of the file when it is done, so that no clone goes on saying it.
  const saysOn = rollback && says === false ? undefined : says;
  return { order: says, obeyed: saysOn, overruled: [...past].filter((one) => one !== saysOn) };
}

/** What a stack has of a layer, as it goes on having it. */
export function keptImage(has: Promoted): ChosenImage {
  return { ...imageOf(has), held: has.held };
}

/** Those of its properties that tell of the image. */
function imageOf({ digest, buildId, commit, changed, platforms }: PromotedImage): PromotedImage {
  return { digest, buildId, commit, changed, platforms };
}
