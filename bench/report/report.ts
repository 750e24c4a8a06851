/** The result of a run, as it is written to a file. */
import type { GrowthLine } from '../measure/growth-line.js';
import type { Line } from '../measure/line.js';
import type { Machine } from './machine.js';

export interface Report {
  machine: Machine;
  /** Whether it compares two checkouts: each line then has their two figures. */
  isComparison?: boolean;
  /** How often each figure was measured. */
  rounds: number;
  /** Length of each load in seconds. */
  seconds: number;
  lines: Line[];
  growth: GrowthLine[];
  /** What could not be measured, and why. */
  skipped: string[];
}
