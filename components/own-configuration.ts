import * as pulumi from "@pulumi/pulumi";

/**
 * Takes the configuration out of this process's environment, where Pulumi puts it with all secrets in plain text, so that no program which is
 * started from here inherits it. The SDK has read it by then, and keeps it.
 */
export function hideConfiguration(): void {
  pulumi.runtime.allConfig();
  delete process.env.PULUMI_CONFIG;
  delete process.env.PULUMI_CONFIG_SECRET_KEYS;
}
