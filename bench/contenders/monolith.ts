import type { CatalogLayer } from "../../components/catalog/catalog";

/** A Dockerfile of a layer, as its user wrote it. */
export interface LayerText extends Pick<CatalogLayer, "name"> {
  readonly text: string;
}

/**
 * The Dockerfiles of a chain joined into one, as somebody would have written it who wants one image: stages of a layer keep their names where
 * no other layer has them, each layer's last stage has the layer's name, and the context is the folder of all layers.
 *
 * @param layers from the bottom up; the last one is the image
 * @throws Error for what it cannot join
 */
export function monolith(layers: readonly LayerText[]): string {
  return joinedLayers(layers)
    .map(({ text }) => text)
    .join("\n");
}

/** The stages of that Dockerfile that a layer's own became. */
export function stagesOf(layer: string, layers: readonly LayerText[]): string[] {
  return [layer, ...(joinedLayers(layers).find(({ name }) => name === layer)?.stages ?? [])];
}

function joinedLayers(layers: readonly LayerText[]): { name: string; text: string; stages: string[] }[] {
  const taken = new Set<string>(layers.map(({ name }) => name));
  return layers.map(({ name, text }) => {
    const stages = new Map<string, string>();
    for (const [, stage = ""] of text.matchAll(/^FROM \S+ AS (\S+)$/gm)) {
      const free = taken.has(stage) ? `${name}-${stage}` : stage;
      stages.set(stage, free);
      taken.add(free);
    }
    return { name, text: joined(name, text, stages), stages: [...stages.values()] };
  });
}

function joined(layer: string, text: string, stages: ReadonlyMap<string, string>): string {
  const renamed = (stage: string) => stages.get(stage) ?? stage;
  let unnamed = 0;
  const line = (line: string): string => {
    if (/^(ADD|ONBUILD|#\s*syntax)\b/.test(line)) throw new Error(`${layer}: cannot be joined with others: ${line}`);
    const from = /^FROM (\S+)( AS (\S+))?$/.exec(line);
    if (from) {
      const [, image = "", , stage] = from;
      if (stage === undefined) unnamed++;
      return `FROM ${renamed(image)} AS ${stage === undefined ? layer : renamed(stage)}`;
    }
    if (/^COPY /.test(line)) return copied(layer, line, renamed);
    return line.replaceAll(/--mount=\S+/g, (mount) => mounted(layer, mount, renamed));
  };
  const result = text.trimEnd().split("\n").map(line).join("\n");
  if (unnamed !== 1) throw new Error(`${layer}: cannot be joined with others: it has ${unnamed} stages without a name`);
  return `${result}\n`;
}

function copied(layer: string, line: string, renamed: (stage: string) => string): string {
  if (/\\$|<<|\[/.test(line)) throw new Error(`${layer}: cannot be joined with others: ${line}`);
  if (/ --from=/.test(line)) return line.replace(/--from=(\S+)/, (_, stage: string) => `--from=${renamed(stage)}`);
  const words = line.split(/ +/);
  return words
    .map((word, index) =>
      index === 0 || index === words.length - 1 || word.startsWith("--") ? word : `${layer}/${word}`,
    )
    .join(" ");
}

function mounted(layer: string, mount: string, renamed: (stage: string) => string): string {
  if (/[=,]from=/.test(mount)) return mount.replace(/,from=([^,]+)/, (_, stage: string) => `,from=${renamed(stage)}`);
  return /type=bind/.test(mount) ? mount.replace(/,source=([^,]+)/, `,source=${layer}/$1`) : mount;
}
