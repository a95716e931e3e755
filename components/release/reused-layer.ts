import * as pulumi from "@pulumi/pulumi";
import type { BuildRecord } from "../previous-builds";
import type { SourceLayer } from "./source";

/** A layer that another stack has as it would be built here, so that its image is used. Pulumi has no resource of it. */
export class ReusedLayer {
  readonly digest: pulumi.Output<string>;
  readonly ref: pulumi.Output<string>;
  readonly buildId: pulumi.Output<string>;
  readonly record: pulumi.Output<BuildRecord>;
  /** How many tests it has passed there. */
  readonly tests: number;
  /** Nothing is built. */
  readonly began = pulumi.output<number | undefined>(undefined);

  constructor(readonly image: SourceLayer) {
    const { ref, digest, buildId, tests, seconds, sizeBytes, commit } = image;
    this.digest = pulumi.output(digest);
    this.ref = pulumi.output(ref);
    this.buildId = pulumi.output(buildId);
    this.tests = tests;
    this.record = pulumi.output({ seconds, sizeBytes, commit });
  }
}
