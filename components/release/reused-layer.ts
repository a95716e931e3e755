import * as pulumi from "@pulumi/pulumi";
import { buildId } from "../catalog/build-id";
import type { CatalogLayer } from "../catalog/catalog";
import { bytesOf } from "../catalog/size";
import { type Built, ingredientsOf, type LayerArgs } from "../layer";
import { isConstant } from "../timestamps";
import type { SourceLayer } from "./source";

/** A layer that another stack has as it would be built here, so that its image is used. Pulumi has no resource of it. */
export class ReusedLayer {
  readonly repository: string;
  readonly digest: pulumi.Output<string>;
  readonly built: pulumi.Output<Built>;

  constructor(readonly image: SourceLayer) {
    const { ref, digest, buildId, seconds, sizeBytes, commit } = image;
    this.repository = ref.slice(0, ref.indexOf("@"));
    this.digest = pulumi.output(digest);
    this.built = pulumi.output({ digest, ref, buildId, record: { seconds, sizeBytes, commit }, leftOut: false });
  }
}

/**
 * What another stack has of a layer, where it is made of the very same, and so is all that it stands on; where it has passed the very
 * tests, keeps the budget, and was looked at where its times are to be constant. Else it is built here, from the cache where that has it, and checked.
 *
 * @param testsId of the tests that it must pass; undefined for none
 */
export function reusable(
  { layers, upstreams, sizeBudget, timestamps }: CatalogLayer,
  args: LayerArgs,
  testsId: string | undefined,
  there: SourceLayer | undefined,
  made: ReadonlyMap<string, unknown>,
): ReusedLayer | undefined {
  if (!there || (testsId !== undefined && testsId !== there.testsId)) return undefined;
  if (sizeBudget !== undefined && (there.addedBytes ?? Number.POSITIVE_INFINITY) > bytesOf(sizeBudget))
    return undefined;
  if (timestamps && (there.newest === undefined || !isConstant(there.newest))) return undefined;
  const parents = Object.fromEntries(upstreams.map(({ name, digest }) => [name, digest]));
  for (const parent of layers) {
    const of = made.get(parent);
    if (!(of instanceof ReusedLayer)) return undefined;
    parents[parent] = of.image.digest;
  }
  return buildId({ ...ingredientsOf(args), parents }) === there.buildId ? new ReusedLayer(there) : undefined;
}
