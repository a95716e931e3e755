import { copyOperations } from "../../../components/release/provider/copy";
import type { Operations } from "../../../components/release/provider/resource";
import { tagsOperations } from "../../../components/release/provider/tags";
import type { FakeRegistries } from "./fake-registries";

/** What goes wrong in an update: of its calls which one, and whether that alone fails or the provider is killed there. */
export interface Trouble {
  readonly at: number;
  readonly killed: boolean;
  readonly when: "before" | "halfway" | "afterwards";
}

class Killed extends Error {}

/** A provider of its own for each operation, as the engine starts one. */
export function provider(registries: FakeRegistries, trouble?: Trouble) {
  let calls = 0;
  let [killed, disturbed] = [false, false];
  registries.fault = () => {
    if (killed) return { error: new Killed("killed") };
    if (!trouble || calls++ !== trouble.at) return undefined;
    disturbed = true;
    killed = trouble.killed;
    return { error: new Error("the registry failed [http 503]"), when: trouble.when };
  };
  const alive = async <T>(action: Promise<T>): Promise<T> => {
    const ended = await action.catch((error: Error) => (killed ? undefined : Promise.reject(error)));
    if (killed) throw new Killed("the provider was killed");
    return ended as T;
  };
  const real: Readonly<Record<string, Operations>> = {
    "strata:release:Tags": tagsOperations(registries),
    "strata:release:Copy": copyOperations(registries),
  };
  const operations = (type: string): Operations => {
    const { check, put, read, delete: remove, ...rest } = real[type] as Operations;
    return {
      ...rest,
      check: (olds, news) => alive(check(olds, news)),
      put: (olds, news) => alive(put(olds, news)),
      read: (props) => alive(read(props)),
      delete: (props) => alive(remove(props)),
    };
  };
  return { operations, disturbed: () => disturbed };
}
