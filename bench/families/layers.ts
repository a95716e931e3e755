import type { Family } from "./family";
import { lines, writeFiles } from "./written";

/**
 * How many layers each level has; those of the last may be fewer. Ten levels at most, however many layers: bake walks each way from a
 * target down to the lowest, which are twice as many with each level, and with 24 levels it does that for 27 s (docs/benchmark/by-hand.md).
 */
function widthOf(layers: number): readonly number[] {
  // Six levels.
  if (layers === 14) return [3, 3, 3, 2, 2, 1];
  return [Math.ceil(layers / 10)];
}

/** Layers by level, from the bottom up. @example levelsOf(3) is [[0], [1], [2]] */
export function levelsOf(layers: number): number[][] {
  const widths = widthOf(layers);
  const levels: number[][] = [];
  for (let next = 0; next < layers; ) {
    const width = widths[levels.length] ?? (widths.at(-1) as number);
    levels.push(Array.from({ length: Math.min(width, layers - next) }, (_, index) => next + index));
    next += width;
  }
  return levels;
}

/** Layers of a file each. Each but those of the first level stands on one of the level beneath, and copies from another. */
export function layersFamily(layers: number): Family {
  return {
    name: `layers${layers}`,
    write: (project) => {
      levelsOf(layers).forEach((level, height, levels) => {
        const beneath = levels[height - 1] ?? [];
        level.forEach((layer, index) => {
          const base = beneath[index % beneath.length];
          const beside = beneath[(index + 1) % beneath.length];
          const from = base === undefined ? ["FROM scratch"] : [`FROM l${base}`];
          const copied = beside === undefined || beside === base ? [] : [`COPY --link --from=l${beside} /file /beside`];
          writeFiles(project, {
            [`images/l${layer}/Dockerfile`]: lines(...from, ...copied, "COPY --link file /file"),
            [`images/l${layer}/file`]: lines(String(layer)),
          });
        });
      });
    },
    changes: {},
  };
}
