import * as dockerbuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import type { Builds } from "./builds";
import type { CatalogLayer } from "./catalog/catalog";
import { countOfAll, type LayerTests } from "./catalog/image-tests";
import { testedImage, testsText } from "./catalog/stage-tests";
import { Ending } from "./ending";
import { type BuildArgs, cacheIn, onlyGiven } from "./layer";
import type { ImagePlace } from "./naming";

export interface ImageTestArgs extends BuildArgs, ImagePlace {
  /** `sha256:…` of the image that is tested. */
  readonly digest: pulumi.Output<string>;
  /** What it must pass. */
  readonly tests: readonly LayerTests[];
  /** Where `stageTests` laid them out. */
  readonly context: string;
  readonly dockerfilePath: string;
  readonly builds: Builds;
  readonly layer: CatalogLayer;
}

/**
 * That an image has passed its tests, which BuildKit runs inside it, in a build that is thrown away.
 *
 * Its inputs are the image's digest and the tests, so that while both stay nothing is run and no plan has anything of it.
 * What may follow only upon a passed test must be made of `passed`.
 */
export class ImageTest extends pulumi.ComponentResource {
  /** How many tests the image has passed, known when it has; undefined in an update that has other targets. */
  readonly passed: pulumi.Output<number | undefined>;

  constructor(name: string, args: ImageTestArgs, opts?: pulumi.ComponentResourceOptions) {
    const { digest, tests, platforms, builds } = args;
    super("strata:image:ImageTest", name, { digest, tests: testsText(tests), platforms }, opts);
    const location = pulumi.interpolate`docker-image://${cacheOf(args)}@${digest}`;
    const ended = new Ending();
    const began = location.apply(async (image) =>
      (await builds.willTest(name, { context: args.context, image }))
        ? builds.begin([args.layer], ended.promise)
        : undefined,
    );
    const run = new dockerbuild.Image(
      // No layer can have such a name: what a state or an event tells of images is told by their names.
      `${name}/tests`,
      this.imageArgs(
        args,
        pulumi.all([location, began]).apply(([image]) => image),
      ),
      {
        parent: this,
        retainOnDelete: true,
        customTimeouts: { create: args.timeout, update: args.timeout },
        transformations: [onlyGiven],
      },
    );
    ended.follow(run.contextHash);
    this.passed = pulumi
      .all([run.contextHash, run.context, location])
      .apply(([, context, image]) =>
        context?.named?.[testedImage]?.location === image && context.location === args.context
          ? countOfAll(tests)
          : undefined,
      );
    this.registerOutputs({ passed: this.passed });
  }

  private imageArgs(args: ImageTestArgs, image: pulumi.Output<string>): dockerbuild.ImageArgs {
    return {
      builder: { name: args.builder },
      context: { location: args.context, named: { [testedImage]: { location: image } } },
      dockerfile: { location: args.dockerfilePath },
      platforms: [...args.platforms].sort() as dockerbuild.Platform[],
      exports: [{ cacheonly: {} }],
      push: false,
      buildOnPreview: false,
      ...cacheIn(cacheOf(args), args.compression),
    };
  }
}

/**
 * Where the runs of one image's tests are cached: by its digest, so that the result of no image takes the place of another one's.
 *
 * The image itself is named with it too, `repository:t-…@sha256:…`: BuildKit looks for a step that two builds have at once in the
 * caches of the one that began, and whoever builds on the image at the same moment has not imported this one.
 */
function cacheOf({ repository, tagPrefix, digest }: ImageTestArgs): pulumi.Output<string> {
  return digest.apply((digest) => `${repository}:${tagPrefix}${digest.replace("sha256:", "t-")}`);
}
