import * as pulumi from "@pulumi/pulumi";
import type * as catalog from "./catalog/upstreams";

/**
 * An image that someone else publishes, as it is pinned. It makes nothing: it is there so that a plan names the pin that moved, once,
 * above the layers that change with it.
 */
export class Upstream extends pulumi.ComponentResource {
  constructor(upstream: catalog.Upstream, opts?: pulumi.ComponentResourceOptions) {
    const { name, digest, standIn } = upstream;
    super("strata:image:Upstream", name, { digest, ...(standIn ? { standIn } : {}) }, opts);
    this.registerOutputs({});
  }
}
