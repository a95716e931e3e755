import * as pulumi from "@pulumi/pulumi";
import { InputError } from "./catalog/input-error";
import { Ending } from "./ending";
import type { FamilyArgs, LayerOutput, Made } from "./family";
import { Layer } from "./layer";

/**
 * Fails when all has ended, well or not: what is wrong with the size of one image is no reason to leave others unbuilt. A size that
 * is recorded is looked at every time, so that the next update does not pass what this one refused.
 */
export function checkSizes(
  made: ReadonlyMap<string, Made>,
  outputs: Readonly<Record<string, pulumi.Output<LayerOutput>>>,
  { catalog, builds }: Pick<FamilyArgs, "catalog" | "builds">,
) {
  const checks: Promise<InputError | undefined>[] = [];
  const budgets = new Map<string, pulumi.Output<InputError | undefined>>();
  for (const entry of catalog) {
    const layer = made.get(entry.name);
    if (entry.sizeBudget === undefined || !(layer instanceof Layer)) continue;
    const check = pulumi.all([layer.begun, layer.built]).apply(([{ base }, { ref, record }]) => {
      const found = builds.overBudget(entry, ref, base, record);
      checks.push(found);
      return found;
    });
    budgets.set(entry.name, check as pulumi.Output<InputError | undefined>);
  }
  const all = Ending.ofAll([...budgets.values(), ...Object.values(outputs)]).then(async () => {
    const problems = (await Promise.all(checks)).filter((problem) => problem !== undefined);
    if (problems.length > 0) throw InputError.of(problems);
  });
  const checked = () => {
    const built = Object.entries(outputs).filter(([layer]) => made.get(layer) instanceof Layer);
    const digests = built.map(([layer, output]) => {
      const digest = pulumi.all([output, budgets.get(layer)]).apply(async ([{ digest }, problem]) =>
        // What is wrong ends the program, when all has ended.
        problem ? new Promise<string>(() => {}) : digest,
      );
      return [layer, digest] as const;
    });
    return Object.fromEntries(digests);
  };
  return { all: pulumi.output(all), checked };
}
