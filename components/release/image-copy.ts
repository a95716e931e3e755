import * as pulumi from "@pulumi/pulumi";
import type { Hold, PromotedImage } from "./hold";

export interface ImageCopyArgs {
  /** What is copied, from any registry that can be asked. @example "ghcr.io/acme/app@sha256:…" */
  readonly source: pulumi.Input<string>;
  /** Where it goes. @example "registry.example.com/prod/app" */
  readonly repository: pulumi.Input<string>;
  /** What names it there, and never anything else. @example "d-7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730" */
  readonly tag: pulumi.Input<string>;
  /** `sha256:…` of `source`, and of the copy. */
  readonly digest: pulumi.Input<string>;
  /** What the image must hold. @example ["linux/amd64", "linux/arm64"] */
  readonly platforms: pulumi.Input<readonly string[]>;
  /** What is known of the image; kept for the next update. */
  readonly buildId?: pulumi.Input<string> | undefined;
  readonly commit?: pulumi.Input<string> | undefined;
  readonly changed?: pulumi.Input<string> | undefined;
  /** Whether somebody chose the image, so that it stays until the stack is told otherwise. @default false */
  readonly held?: boolean | undefined;
  /** What was said of it, and what of that counts no more; kept for the next update. @default nothing */
  readonly obeyed?: Hold | undefined;
  readonly overruled?: readonly Hold[] | undefined;
}

/**
 * An image that was built elsewhere, copied by digest with all its platforms and all that is attached to it.
 *
 * A plan fails where the image is not there, lacks a platform, was made on a stand-in, or where its tag names something else. Nothing is
 * ever deleted. An image that is gone shows in `pulumi refresh`, and the next update copies it again.
 */
export class ImageCopy extends pulumi.CustomResource {
  declare readonly repository: pulumi.Output<string>;
  /** Of the copy, known when it is there. */
  declare readonly digest: pulumi.Output<string>;
  /** What was here before, newest first. */
  declare readonly before: pulumi.Output<PromotedImage[]>;

  constructor(name: string, args: ImageCopyArgs, opts?: pulumi.CustomResourceOptions) {
    super("strata:release:Copy", name, { ...args, before: undefined }, opts);
  }
}
