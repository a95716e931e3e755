/*
 * Pulumi's name for a resource: `urn:pulumi:<stack>::<project>::<types>::<name>`. The types are those of the resource's parents, the outermost first,
 * and last its own, with `$` between them. https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
 */

/** @example "urn:pulumi:dev::strata::strata:image:Family$strata:image:Layer::app" → "app" */
export function nameIn(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** @example "urn:pulumi:dev::strata::strata:image:Family$strata:image:Layer::app" → "strata:image:Layer" */
export function typeIn(urn: string): string {
  const [, , types = ""] = urn.split("::");
  return types.slice(types.lastIndexOf("$") + 1);
}
