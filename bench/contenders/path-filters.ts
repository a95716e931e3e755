import { localBuilder } from "../../tools/services/buildkit";
import { type BenchLayer, type Contender, commandText, imageAt, type Place, upstreamContexts } from "./contender";

/** (b) */
export const pathFilters: Contender = {
  id: "b",
  title: "path filters, `-stable` tags",
  about:
    "A Dockerfile for each layer. CI builds those whose paths the commit touches and all above them; the others stay under the tag that their last build moved.",
  shown: (place) =>
    [
      "git diff --name-only HEAD~1   # per layer: images/base/**, images/tools/**, …",
      commandText(commandOf(place, { ...example, name: "tools", layers: ["base"] }, "images/tools")),
    ].join("\n"),
  build: async (work) => {
    const touched = work.firstBuild ? undefined : await work.output("git", ["diff", "--name-only", "HEAD~1", "HEAD"]);
    const built = new Set<string>();
    for (const layer of work.layers()) {
      const beneath = layer.layers.some((parent) => built.has(parent));
      if (touched !== undefined && !beneath && !touches(touched.split("\n"), work.pathsOf(layer.name))) continue;
      const [command = "", ...args] = commandOf(work.place, layer, work.relative(layer.context));
      await work.run(command, [...args, ...upstreamContexts([layer]), ...rebuiltOf(layer)]);
      built.add(layer.name);
    }
  },
  imageOf: (layer) => ({ repository: "images", tag: `${layer}-stable` }),
};

const example = { context: "", dockerfilePath: "", upstreams: [], rebuild: 0 };

function commandOf(place: Place, { name, layers }: BenchLayer, context: string): string[] {
  const stable = (layer: string) => `${imageAt(place, "images")}:${layer}-stable`;
  const parents = layers.flatMap((parent) => ["--build-context", `${parent}=docker-image://${stable(parent)}`]);
  const file = ["--file", `images/${name}/Dockerfile`];
  return ["buildx", "build", context, ...file, "--builder", localBuilder, ...parents, "--push", "--tag", stable(name)];
}

/** As Strata does it: with another name for an address no step is found in a cache. */
function rebuiltOf({ rebuild }: Pick<BenchLayer, "rebuild">): string[] {
  return rebuild > 0 ? ["--add-host", `rebuild-${rebuild}:127.0.0.1`] : [];
}

/** Whether a change concerns any of the paths. */
export function touches(changed: readonly string[], paths: readonly string[]): boolean {
  return changed.some((file) => paths.some((path) => file === path || file.startsWith(`${path}/`)));
}
