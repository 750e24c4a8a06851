/** How one cost grows with one size. */
import type { Unit } from './line.js';
import { growthExponent } from './statistics.js';

export interface GrowthPoint {
  size: number;
  cost: number;
  /** What git alone needs at this size. */
  limit?: number;
}

export interface GrowthLine {
  /** `cold @v/list`. */
  name: string;
  /** What is counted: `tags`. */
  of: string;
  unit: Unit;
  /** Medians, smallest size first. */
  points: GrowthPoint[];
}

/**
 * The exponent over all sizes, and over the last step alone: a fixed cost hides growth at small sizes, so the last step
 * is the one to judge by.
 */
export function exponents({ points }: GrowthLine): { all: number | undefined; last: number | undefined } {
  return { all: growthExponent(points), last: growthExponent(points.slice(-2)) };
}
