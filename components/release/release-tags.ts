import * as pulumi from "@pulumi/pulumi";
export class ReleaseTags extends pulumi.CustomResource {
  readonly versions!: pulumi.Output<Record<string, string>>;
  constructor(n: string, a: object, o?: pulumi.CustomResourceOptions) {
    super("strata:release:Tags", n, a as pulumi.Inputs, o);
  }
}
