import * as pulumi from "@pulumi/pulumi";
import { InputError } from "./catalog/input-error";
import { Ending } from "./ending";
import type { FamilyArgs, LayerOutput, Made } from "./family";
import { Layer } from "./layer";

/**
 * Fails when all has ended, well or not: what is wrong with one image is no reason to leave others unbuilt. What
 * is recorded is looked at every time, so that the next update does not pass what this one refused.
 */
export function checkImages(
  made: ReadonlyMap<string, Made>,
  outputs: Readonly<Record<string, pulumi.Output<LayerOutput>>>,
  { catalog, builds }: Pick<FamilyArgs, "catalog" | "builds">,
) {
  const checks: Promise<InputError[]>[] = [];
  const problems = new Map<string, pulumi.Output<InputError[]>>();
  for (const entry of catalog) {
    const layer = made.get(entry.name);
    const promises = entry.sizeBudget !== undefined || entry.timestamps !== undefined;
    if (!promises || !(layer instanceof Layer)) continue;
    const check = pulumi.all([layer.begun, layer.built]).apply(([{ base }, { ref, record, leftOut }]) => {
      // What is left out may be an image of before image.yaml said so.
      const promised = leftOut ? { ...entry, timestamps: undefined } : entry;
      const found = builds.wrongWith(promised, ref, base, record);
      checks.push(found);
      return found;
    });
    problems.set(entry.name, check as pulumi.Output<InputError[]>);
  }
  const all = Ending.ofAll([...problems.values(), ...Object.values(outputs)]).then(async () => {
    const found = (await Promise.all(checks)).flat();
    if (found.length > 0) throw InputError.of(found);
  });
  const checked = () => {
    const built = Object.entries(outputs).filter(([layer]) => made.get(layer) instanceof Layer);
    const digests = built.map(([layer, output]) => {
      const digest = pulumi.all([output, problems.get(layer)]).apply(async ([{ digest }, found = []]) =>
        // What is wrong ends the program, when all has ended.
        found.length > 0 ? new Promise<string>(() => {}) : digest,
      );
      return [layer, digest] as const;
    });
    return Object.fromEntries(digests);
  };
  return { all: pulumi.output(all), checked };
}
