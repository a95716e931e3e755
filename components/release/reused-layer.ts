import * as pulumi from "@pulumi/pulumi";
import type { Built } from "../layer";
import type { SourceLayer } from "./source";

/** A layer that another stack has as it would be built here, so that its image is used. Pulumi has no resource of it. */
export class ReusedLayer {
  readonly repository: string;
  readonly digest: pulumi.Output<string>;
  readonly built: pulumi.Output<Built>;
  /** How many tests it has passed there. */
  readonly tests: number;

  constructor(readonly image: SourceLayer) {
    const { ref, digest, buildId, tests, seconds, sizeBytes, commit } = image;
    this.repository = ref.slice(0, ref.indexOf("@"));
    this.digest = pulumi.output(digest);
    this.built = pulumi.output({ digest, ref, buildId, record: { seconds, sizeBytes, commit } });
    this.tests = tests;
  }
}
