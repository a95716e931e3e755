import type { FamilyGraph, GraphLayer } from "../../../tools/graph/family-graph";

/** Names and reasons as nobody should have them, and some do. */
export const hostile = [
  "</title><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "]]><!-- & &amp; -->",
  "</style></script></svg>",
  '\\"];}digraph x{\n\u0000\u001b[31m',
  "\u202egpj.exe \ud800",
  "$&$1 `y` %s",
];

/** A chain: debian, base, tooling, app. */
export function chain(): FamilyGraph {
  return {
    title: "Images of stack local",
    layers: [
      { ...layer("base", []), action: "unchanged", upstreams: ["debian:trixie-slim"] },
      {
        ...layer("tooling", ["base"]),
        ...{ action: "build", reasons: ["M Dockerfile", "M packages.lock"], seconds: 12, bytes: 34_100_000 },
      },
      { ...layer("app", ["tooling"]), action: "rebase", reasons: ["parent tooling"], seconds: 0.4, bytes: 1200 },
    ],
  };
}

/**
 * A family as large ones are: a few bases, some tools on each, and many applications, some of which take files from another layer.
 *
 * @param size how many layers
 */
export function family(size: number): FamilyGraph {
  const bases = Math.max(1, Math.round(size / 30));
  const tools = Math.max(1, Math.round(size / 6));
  const layers: GraphLayer[] = [];
  for (let index = 0; index < size; index++) {
    if (index < bases)
      layers.push({ ...layer(`base-${index}`, []), upstreams: [index % 2 ? "alpine:3.22" : "debian:13"] });
    else if (index < bases + tools) layers.push(layer(`tooling-${index}`, [`base-${index % bases}`]));
    else {
      const needs = [`tooling-${bases + (index % tools)}`];
      if (index % 7 === 0) needs.push(`tooling-${bases + ((index * 3 + 1) % tools)}`);
      if (index % 11 === 0) needs.push(`base-${(index + 1) % bases}`);
      layers.push(layer(`application-${index}`, [...new Set(needs)]));
    }
  }
  return { title: `${size} layers`, layers: planned(layers) };
}

/** Each on the one before. */
export function tower(size: number): FamilyGraph {
  const layers = Array.from({ length: size }, (_, index) =>
    layer(`floor-${index}`, index ? [`floor-${index - 1}`] : []),
  );
  return { title: `a tower of ${size}`, layers: planned(layers) };
}

/** One in seven is edited, and what stands on it is laid anew; one in 40 is new, and one in 50 gone. */
function planned(layers: readonly GraphLayer[]): GraphLayer[] {
  const moved = new Set<string>();
  return layers.map((each, index) => {
    const parents = (each.needs ?? []).filter((need) => moved.has(need)).map((need) => `parent ${need}`);
    if (index % 40 === 39) return { ...each, action: "new", seconds: 30 };
    if (index % 50 === 49) return { ...each, action: "removed" };
    if (index % 7 !== 3 && parents.length === 0) return { ...each, action: "unchanged", seconds: 0, bytes: 0 };
    moved.add(each.name);
    const own = index % 7 === 3 ? ["M Dockerfile"] : [];
    return {
      ...each,
      action: own.length ? "build" : "rebase",
      reasons: [...own, ...parents],
      seconds: index,
      bytes: index * 1e6,
    };
  });
}

export function layer(name: string, needs: readonly string[]): GraphLayer {
  return { name, needs, action: "unchanged", reasons: [] };
}
