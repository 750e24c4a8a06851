/** How long the steps of a command take. */
import type { OnProgress } from './progress-bar.js';

export interface Step {
  step: string;
  /** Whole milliseconds. */
  ms: number;
}

export interface Stopwatch {
  /** In the order in which the steps ended. */
  readonly steps: Step[];
  /** Runs `work` as a step, which counts also if it fails. */
  time<T>(step: string, work: () => Promise<T> | T): Promise<T>;
}

/** `onProgress` is told of the steps that have ended and of those that have begun. */
export function createStopwatch(onProgress: OnProgress = () => undefined): Stopwatch {
  const steps: Step[] = [];
  let begun = 0;
  return {
    steps,
    async time(step, work) {
      const start = performance.now();
      begun += 1;
      onProgress(steps.length, begun);
      try {
        return await work();
      } finally {
        steps.push({ step, ms: Math.round(performance.now() - start) });
        onProgress(steps.length, begun);
      }
    },
  };
}
