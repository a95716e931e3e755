import type { ContenderId } from "../schedule";
import { bake, bakeZstd } from "./bake";
import type { Contender } from "./contender";
import { withCache, withoutCache } from "./monolithic";
import { pathFilters } from "./path-filters";
import { provider } from "./provider";
import { strata } from "./strata";

export const contenders: Readonly<Record<ContenderId, Contender>> = {
  a1: withoutCache,
  a2: withCache,
  b: pathFilters,
  c: bake,
  cz: bakeZstd,
  d: provider,
  e: strata,
};
