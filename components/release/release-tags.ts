import * as pulumi from "@pulumi/pulumi";

export interface ReleaseTagsArgs {
  /** @example "ghcr.io/acme/app" */
  readonly repository: pulumi.Input<string>;
  /** By tag the digest that it is to name, which the repository must have. @example { "1.2.3": "sha256:…", latest: "sha256:…" } */
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Those of `tags` that may never name anything else. @default none */
  readonly immutable?: pulumi.Input<readonly string[]>;
  /** Whether the tags that this ever gave stay in the registry when it is destroyed. @default true */
  readonly keep?: pulumi.Input<boolean>;
  /** What each version of the layer is, kept for the next update: version → digest. @default not known */
  readonly versions?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

/**
 * Names in one repository for digests that it has.
 *
 * A plan fails where a tag that may never name anything else does; an update looks at all tags before it gives any. One that was moved
 * or taken away by hand shows in `pulumi refresh`, and the next update puts it back. A tag that is taken away never takes its image
 * along. An update that changes nothing asks no registry.
 */
export class ReleaseTags extends pulumi.CustomResource {
  /** What each tag named when it was given, or last looked at. */
  declare readonly tags: pulumi.Output<Readonly<Record<string, string>>>;
  declare readonly versions: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ReleaseTagsArgs, opts?: pulumi.CustomResourceOptions) {
    const { repository, tags, immutable = [], keep = true, versions } = args;
    // In one order, so that another one is no change.
    const sorted = pulumi.output(immutable).apply((names) => [...names].sort());
    super("strata:release:Tags", name, { repository, tags, immutable: sorted, keep, versions }, opts);
  }
}
