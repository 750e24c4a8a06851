/** What a bench is: a name on the command line and a measurement. */
import type { Lab } from '../lab/lab.js';
import type { GrowthLine } from '../measure/growth-line.js';
import type { Line } from '../measure/line.js';

export interface BenchResult {
  lines?: Line[];
  growth?: GrowthLine[];
  /** What could not be measured, and why. */
  skipped?: string[];
}

export type Bench = (lab: Lab) => Promise<BenchResult>;
