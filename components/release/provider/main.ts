import "../../lean-sdk";
import { log, runtime } from "@pulumi/pulumi";
import { main, type Provider } from "@pulumi/pulumi/provider";
import { typeIn } from "../../urn";
import { copyOperations } from "./copy";
import { realRegistries } from "./registries";
import { HalfDone, type Operations, type Properties, plain } from "./resource";
import { tagsOperations } from "./tags";

const ending = new AbortController();
const registries = realRegistries(ending.signal, (severity, message) => void log[severity](message));
const operations: Readonly<Record<string, Operations>> = {
  "strata:release:Tags": tagsOperations(registries),
  "strata:release:Copy": copyOperations(registries),
};

function of(urn: string): Operations {
  const type = typeIn(urn);
  const found = operations[type];
  if (!found) throw new Error(`there is no ${type}`);
  return found;
}

async function kept<T>(id: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof HalfDone) error.id = id;
    throw error;
  }
}

const properties = (value: unknown) => plain(value) as Properties;

const provider: Provider = {
  version: "0.1.0",
  async check(urn, olds, news) {
    const before = Object.keys(olds).length > 0 ? properties(olds) : undefined;
    const problems = await of(urn).check(before, properties(news));
    // Of a property that is named the engine prints the value as well, which these lines have.
    return { inputs: news, failures: problems.map((reason) => ({ property: "", reason })) };
  },
  async diff(_id, urn, olds, news) {
    const changed = of(urn).diff(properties(olds), properties(news));
    return { changes: changed.length > 0, replaces: changed.filter(of(urn).replaces) };
  },
  async create(urn, inputs) {
    const news = properties(inputs);
    const id = of(urn).id(news);
    return kept(id, async () => ({ id, outs: await of(urn).put(undefined, news) }));
  },
  async update(id, urn, olds, news) {
    return kept(id, async () => ({ outs: await of(urn).put(properties(olds), properties(news)) }));
  },
  async read(id, urn, props) {
    const found = await of(urn).read(properties(props));
    return found ? { id, ...found } : { id: "", props: {} };
  },
  async delete(_id, urn, props) {
    await of(urn).delete(properties(props));
  },
  async cancel() {
    ending.abort();
  },
};

// So that the SDK's log knows the engine, which it does by itself in programs only.
runtime.resetOptions("", "", 0, process.argv[2] ?? "", "", false, "");

// An engine that is killed ends nothing that it has started.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid === engine) return;
  ending.abort();
  process.exit(1);
}, 1000).unref();

// The SDK prints each error that it also returns to the engine, with a stack.
console.error = () => {};
void main(provider, process.argv.slice(2));
