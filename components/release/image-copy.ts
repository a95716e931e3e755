import * as pulumi from "@pulumi/pulumi";
import type { PromotedImage } from "./hold";
export class ImageCopy extends pulumi.CustomResource {
  readonly digest!: pulumi.Output<string>;
  readonly before!: pulumi.Output<PromotedImage[]>;
  constructor(n: string, a: object, o?: pulumi.CustomResourceOptions) {
    super("strata:release:Copy", n, a as pulumi.Inputs, o);
  }
}
