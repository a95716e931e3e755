import * as pulumi from "@pulumi/pulumi";
export class ImageCopy extends pulumi.CustomResource {
  readonly digest!: pulumi.Output<string>;
  constructor(n: string, a: object, o?: pulumi.CustomResourceOptions) {
    super("strata:release:Copy", n, a as pulumi.Inputs, o);
  }
}
