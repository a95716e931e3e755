import { bigFamily } from "./big";
import type { Family } from "./family";
import { fleet } from "./fleet";
import { layersFamily } from "./layers";
import { sindri } from "./sindri";
import { small, tiny } from "./small";

/** @param name such as "sindri", "layers100" */
export function familyNamed(name: string): Family {
  const layers = /^layers(\d+)$/.exec(name);
  if (layers) return layersFamily(Number(layers[1]));
  const all = [sindri, small, tiny, fleet, bigFamily("big", 20_000), bigFamily("big-small", 400)];
  const found = all.find((family) => family.name === name);
  if (!found) throw new Error(`there is no family ${name}`);
  return found;
}
