import type { ReachedStage } from "./reading";

/**
 * The stages that can be built before the layers beneath are there: those that stand on none of them, do work, and are what a stage
 * that does stand on one begins with or takes files from.
 *
 * @param isLayer whether an image is built by the family itself
 * @returns their names, in the file's order, since BuildKit builds no other part of a Dockerfile than a stage by its name; none where
 *   the Dockerfile needs no layer, which is then built at once
 */
export function prefetchableStages(stages: readonly ReachedStage[], isLayer: (image: string) => boolean): string[] {
  const waits = new Set<number>();
  const works = new Set<number>();
  // A stage comes after those that it needs.
  for (const { index, stages: needed, images, works: own } of stages) {
    if (images.some(isLayer) || needed.some((stage) => waits.has(stage))) waits.add(index);
    if (own || needed.some((stage) => works.has(stage))) works.add(index);
  }
  const wanted = new Set(stages.filter(({ index }) => waits.has(index)).flatMap((stage) => stage.stages));
  return stages.flatMap(({ index, name }) =>
    name !== undefined && wanted.has(index) && !waits.has(index) && works.has(index) ? [name] : [],
  );
}
