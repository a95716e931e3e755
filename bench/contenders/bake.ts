import { join } from "node:path";
import { bakeFile } from "../../components/catalog/bake";
import { localBuilder } from "../../tools/services/buildkit";
import type { Workspace } from "../workspace";
import { type Contender, commandText, imageAt } from "./contender";

/** (c): as bake comes, which is with gzip. */
export const bake = bakeWith("c", "gzip");

/** (c) with zstd, which is faster to pack and which Strata uses. */
export const bakeZstd = bakeWith("cz", "zstd");

const command = ["buildx", "bake", "--builder", localBuilder];
const files = ["docker-bake.json", "docker-bake.push.json"];
const fileOptions = files.flatMap((file) => ["--file", file]);

function bakeWith(id: "c" | "cz", compression: "gzip" | "zstd"): Contender {
  const packed = compression === "zstd" ? ",compression=zstd,oci-mediatypes=true" : "";
  return {
    id,
    title: compression === "zstd" ? "bake, zstd" : "bake",
    about:
      "A target for each layer, `target:` contexts between them, each image's cache in the registry with all stages (`mode=max`)" +
      (compression === "zstd" ? ", packed with zstd." : ", as bake comes."),
    shown: (place) => {
      const app = JSON.stringify({ target: { app: pushed(imageAt(place, "app")) } }, null, 2);
      const short = app.replaceAll(/\[\s+("[^"]+")\s+\]/g, "[$1]");
      return [
        "strata bake > docker-bake.json   # once: contexts and upstreams of each target",
        commandText([...command, ...fileOptions]),
        `# docker-bake.push.json, per target:\n${short}`,
      ].join("\n");
    },
    refresh: writeFiles,
    build: async (work) => {
      // Contexts are folders of the project, which buildx asks about where they lie outside the one that it runs in.
      const [tool = "", ...args] = [...command, ...fileOptions, "--allow", `fs.read=${work.folder}`];
      await work.run(tool, args);
    },
    imageOf: (layer) => ({ repository: layer, tag: "latest" }),
  };

  function pushed(image: string) {
    const cache = `type=registry,ref=${image}:cache`;
    return {
      tags: [`${image}:latest`],
      output: [`type=registry${packed}`],
      "cache-from": [cache],
      "cache-to": [`${cache},mode=max${packed}`],
    };
  }

  function writeFiles(work: Workspace): void {
    const file = bakeFile(work.layers());
    work.write(files[0] as string, JSON.stringify(file));
    const names = work.layers().map(({ name }) => [name, pushed(imageAt(work.place, name))]);
    work.write(files[1] as string, JSON.stringify({ target: Object.fromEntries(names) }));
  }
}

/** `buildx bake` of a family into BuildKit's own cache and nowhere else: the least that finds out that nothing changed. */
export function bakeNowhere(work: Workspace): Promise<void> {
  const options = ["--allow", `fs.read=${work.folder}`, "--set", "*.output=type=cacheonly"];
  return work.run("buildx", [
    "bake",
    "--builder",
    localBuilder,
    "--file",
    join(work.folder, files[0] as string),
    ...options,
  ]);
}
