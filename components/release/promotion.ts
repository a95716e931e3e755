import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../catalog/input-error";
import type { LayerOutput } from "../family";
import { type ImagePlace, placeOf } from "../naming";
import {
  type ChosenImage,
  chosenImage,
  type Hold,
  keptImage,
  type Orders,
  ordersAfter,
  type Promoted,
  type PromotedImage,
} from "./hold";
import { ImageCopy } from "./image-copy";
import { type ReleasedLayer, versionsWith } from "./release";
import type { Request } from "./request";
import type { Source, SourceLayer, SourceLayers } from "./source";

export interface PromotionArgs {
  readonly source: Source;
  /** What the other stack has; nothing where it cannot be read. */
  readonly offered: SourceLayers;
  /** Why it cannot be read. @default it was */
  readonly unread?: InputError | undefined;
  /** Names the only layers that may change. @default all */
  readonly request?: Request | undefined;
  /** What this stack has of each layer. */
  readonly promoted: ReadonlyMap<string, Promoted>;
  readonly hold: Readonly<Record<string, Hold>>;
  /** Versions of layers of which the state knows nothing. @default none */
  readonly adopted?: ReadonlyMap<string, Readonly<Record<string, string>>> | undefined;
  /** By layer, the version that its image of now gets. */
  readonly versions: Readonly<Record<string, string>>;
  readonly registry: string;
  readonly organisation: string;
  /** See `placeOf`. */
  readonly repository: string;
}

/** An image that is to be here. */
interface Chosen extends ImagePlace {
  readonly name: string;
  readonly image: ChosenImage;
  /** What it is told now, and what is remembered of that. */
  readonly orders: Orders & { readonly order?: Hold | undefined };
  /** Where images of the layer come from, also of one that is not offered any more. @example "ghcr.io/acme/app" */
  readonly from: string;
  /** What is offered of the layer; undefined where that is nothing. */
  readonly offered: SourceLayer | undefined;
  readonly has: Promoted | undefined;
  /** Whether it may be another one than before. */
  readonly asked: boolean;
}

/** The images of another stack, copied by digest into this one's repositories. Nothing is built, and no builder is asked. */
export class Promotion extends pulumi.ComponentResource {
  readonly layers: pulumi.Output<Record<string, LayerOutput>>;
  /** What gets names here. */
  readonly released: readonly ReleasedLayer[];
  /** By layer, whether it changes and is no target of this update. */
  readonly leftOut: Readonly<Record<string, pulumi.Output<boolean>>>;

  /** @throws InputError for images that must not be promoted, with all that is wrong, before anything is copied */
  constructor(name: string, args: PromotionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("strata:release:Promotion", name, { from: args.source.stack }, opts);
    const outputs: Record<string, pulumi.Output<LayerOutput>> = {};
    const leftOut: Record<string, pulumi.Output<boolean>> = {};
    const chosen = chosenImages(args);
    for (const warning of unheeded(chosen, args.hold)) void pulumi.log.warn(warning, this);
    this.released = chosen.map((layer) => {
      const { repository, digest, before } = new ImageCopy(layer.name, copyOf(layer), { parent: this });
      const copied = pulumi.output({ repository, digest, before });
      outputs[layer.name] = copied.apply((copied) => outputOf(layer, copied));
      leftOut[layer.name] = copied.apply((copied) => isLeftOut(layer, copied));
      return releasedOf(layer, digest, args);
    });
    this.leftOut = leftOut;
    this.layers = pulumi.output(outputs);
    this.registerOutputs({});
  }
}

/** What the `ImageCopy` of an image is given. */
export function copyOf({ image, orders, from, repository, tagPrefix }: Chosen) {
  const { digest, held, ...about } = image;
  const { obeyed, overruled } = orders;
  return {
    source: `${from}@${digest}`,
    repository,
    // A name of its contents, so that no registry takes the image for garbage when release tags move on.
    tag: `${tagPrefix}${digest.replace("sha256:", "d-")}`,
    digest,
    ...about,
    platforms: image.platforms ?? [],
    ...(held ? { held } : {}),
    ...(obeyed === undefined ? {} : { obeyed }),
    ...(overruled.length > 0 ? { overruled } : {}),
  };
}

/** The images that are to be here. @throws InputError as `Promotion` does, and `unread` where something must be read for it */
export function chosenImages(args: PromotionArgs): Chosen[] {
  const { offered, unread, promoted, hold, source, request } = args;
  const asked = askedLayers(args);
  const unknown = asked.find((name) => hold[name] && !offered[name] && !promoted.has(name));
  if (unknown !== undefined) {
    const known = Object.keys(offered).join(", ");
    throw new InputError(
      `strata:hold.${unknown}`,
      `${source.stack} has no layer of that name (it has ${known}); remove it: pulumi config rm --path 'strata:hold["${unknown}"]'`,
    );
  }
  const chosen = asked.flatMap((name): Chosen[] => {
    const has = promoted.get(name);
    const orders = ordersAfter(hold[name], has, request?.rollback === true);
    const image = chosenImage(name, orders.order, has, offered[name]);
    if (!image && unread) throw unread;
    // A layer that is there no more goes from here as well, unless it is held.
    if (!image) return [];
    const [from = ""] = (offered[name]?.ref ?? has?.source ?? "").split("@");
    return [{ name, image, orders, from, has, offered: offered[name], asked: true, ...placeIn(args, name) }];
  });
  const problems = chosen.flatMap((layer) => problemsOf(layer, source));
  if (problems.length > 0) throw InputError.of(problems);
  const others = [...promoted].filter(([name]) => request && !asked.includes(name));
  return [
    ...chosen,
    ...others.map(([name, has]): Chosen => {
      const [from = ""] = has.source.split("@");
      const image = keptImage(has);
      return { name, image, orders: has, from, has, offered: offered[name], asked: false, ...placeIn(args, name) };
    }),
  ];
}

/** What `strata:hold` says to no effect, as warnings. */
export function unheeded(chosen: readonly Chosen[], hold: PromotionArgs["hold"]): string[] {
  return chosen.flatMap(({ name, image, orders: { order, overruled } }) => {
    const says = hold[name];
    if (says === undefined || says === order || !overruled.includes(says)) return [];
    const meant = says === false ? "--end" : `--to ${says === true ? image.digest : says}`;
    return [
      `strata:hold.${name}: ${says} is from before a rollback and counts no more; merge what the rollback wrote, or remove it: pulumi config rm --path 'strata:hold["${name}"]'; if it is meant: strata rollback ${name} ${meant}`,
    ];
  });
}

/** The layers that may change. */
function askedLayers({ offered, promoted, hold, request }: PromotionArgs): string[] {
  return [...new Set(request?.layers ?? [...Object.keys(offered), ...promoted.keys(), ...Object.keys(hold)])];
}

function placeIn(args: PromotionArgs, name: string): ImagePlace {
  return placeOf(args.repository, { ...args, name });
}

/** What is here already was looked at when it came. */
function problemsOf({ name, image, offered, has }: Chosen, { stack, key }: Source): InputError[] {
  if (!offered || image.digest !== offered.digest || image.digest === has?.digest) return [];
  const problem = (text: string) => [new InputError(key, `${name} cannot be promoted from ${stack}: ${text}`)];
  if (offered.standIn.length > 0) {
    return problem(`it stands on a stand-in for ${offered.standIn.join(", ")}, which must not leave the stack local`);
  }
  if (offered.untested) {
    return problem(`it has tests, and none were run; run them: pulumi config set --stack ${stack} strata:tests all`);
  }
  return [];
}

/** What gets names of an image, when its copy is there. @param digest of the copy */
export function releasedOf<T>(
  layer: Chosen,
  digest: T,
  { versions, adopted }: Pick<PromotionArgs, "versions" | "adopted">,
): ReleasedLayer<T> {
  const { name, image, from, offered, has, asked, repository, tagPrefix } = layer;
  return {
    ...{ name, repository, tagPrefix, digest },
    held: image.held,
    commit: image.changed,
    branch: undefined,
    pullRequest: undefined,
    version: asked ? versions[name] : undefined,
    versions: versionsWith(
      name,
      adopted?.get(name) ?? (has?.repository === repository ? has.versions : {}),
      (asked && offered?.versions) || {},
      image.digest,
    ),
    shared: from === repository,
  };
}

/** What an `ImageCopy` has: in an update that has other targets what it had before. */
interface Copied {
  readonly repository: string;
  readonly digest: string;
  readonly before: readonly PromotedImage[];
}

/** Whether what names the chosen image is not to name this one. */
export function isLeftOut({ image, repository }: Chosen, copied: Copied): boolean {
  return copied.digest !== image.digest || copied.repository !== repository;
}

/** What the stack tells of an image. */
export function outputOf({ image: chosen, has, offered }: Chosen, { repository, digest, before }: Copied): LayerOutput {
  const image = [chosen, has].find((one) => one?.digest === digest);
  const of = offered?.digest === digest ? offered : undefined;
  return {
    ref: `${repository}@${digest}`,
    digest,
    buildId: image?.buildId ?? "",
    platforms: image?.platforms ?? [],
    standIn: [],
    tests: of?.tests ?? 0,
    commit: image?.commit,
    changed: image?.changed,
    seconds: of?.seconds,
    sizeBytes: of?.sizeBytes,
    ...(image?.held ? { held: true } : {}),
    ...(before.length > 0 ? { before: before.map(({ digest }) => digest) } : {}),
  };
}
