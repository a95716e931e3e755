import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/home";
import { localBuilder } from "../../tools/services/buildkit";
import type { Workspace } from "../workspace";
import { type BenchLayer, type Contender, imageAt, type Place } from "./contender";
import { recoverProject } from "./strata";

/** (d) */
export const provider: Contender = {
  id: "d",
  title: "docker-build provider",
  about:
    "A Pulumi program with an Image for each layer, chained by `ref`, with the registry cache of the provider's example for a registry in a cloud.",
  shown: (place) =>
    [
      "pulumi up --yes --skip-preview",
      "# index.ts:",
      programOf(
        [
          { ...example, context: "images/base" },
          { ...example, name: "tools", context: "images/tools", layers: ["base"] },
        ],
        place,
      ),
    ].join("\n"),
  prepare: async (work) => {
    work.write(
      "Pulumi.yaml",
      "name: bench\nruntime:\n  name: nodejs\n  options:\n    typescript: true\nmain: index.ts\n",
    );
    work.copy("package.json");
    work.copy("tsconfig.json");
    symlinkSync(join(root, "node_modules"), join(work.folder, "node_modules"));
    mkdirSync(join(work.folder, "state"));
    writeProgram(work);
    await work.run("pulumi", ["stack", "init", "local", "--non-interactive"]);
  },
  refresh: writeProgram,
  build: (work) => work.run("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive"], asUsersHaveIt),
  recover: recoverProject,
  imageOf: (layer) => ({ repository: layer, tag: "latest" }),
};

/** The provider sees in its diff that a context's files are others, which Strata's own environment has the engine not ask for. */
const asUsersHaveIt = { PULUMI_ENABLE_LEGACY_DIFF: undefined };

const example: BenchLayer = {
  name: "base",
  context: "",
  dockerfilePath: "",
  layers: [],
  upstreams: [],
  rebuild: 0,
};

function writeProgram(work: Workspace): void {
  const layers = work.layers().map((layer) => ({ ...layer, context: work.relative(layer.context) }));
  work.write("index.ts", programOf(layers, work.place));
}

/** A program with an Image for each layer. @param layers each after those that it needs, with contexts relative to the program */
export function programOf(layers: readonly BenchLayer[], place: Place): string {
  const images = layers.map((layer) => imageOf(layer, place));
  const head = 'import * as docker_build from "@pulumi/docker-build";\nimport * as pulumi from "@pulumi/pulumi";\n';
  return `${head}\n${images.join("\n")}`;
}

function imageOf({ name, context, layers, upstreams, rebuild }: BenchLayer, place: Place): string {
  const image = imageAt(place, name);
  const named = [
    ...upstreams.map(({ name, ref }) => `      ${JSON.stringify(name)}: { location: "docker-image://${ref}" },\n`),
    ...layers.map(
      (name) =>
        `      ${JSON.stringify(name)}: { location: pulumi.interpolate\`docker-image://\${${variableOf(name)}.ref}\` },\n`,
    ),
  ];
  const dockerfile = context === `images/${name}` ? "" : `  dockerfile: { location: "images/${name}/Dockerfile" },\n`;
  const rebuilt = rebuild > 0 ? `  addHosts: ["rebuild-${rebuild}:127.0.0.1"],\n` : "";
  return `const ${variableOf(name)} = new docker_build.Image(${JSON.stringify(name)}, {
  builder: { name: "${localBuilder}" },
  context: {
    location: "${context}",
${named.length > 0 ? `    named: {\n${named.join("")}    },\n` : ""}  },
${dockerfile}  platforms: ["linux/amd64"],
${rebuilt}  cacheFrom: [{ registry: { ref: "${image}:cache" } }],
  cacheTo: [{ registry: { imageManifest: true, ociMediaTypes: true, ref: "${image}:cache" } }],
  push: true,
  tags: ["${image}:latest"],
});
`;
}

function variableOf(layer: string): string {
  return layer.replaceAll(/[^A-Za-z0-9]/g, "_");
}
