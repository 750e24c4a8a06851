/** How long the steps of a command take. */

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

export function createStopwatch(): Stopwatch {
  const steps: Step[] = [];
  return {
    steps,
    async time(step, work) {
      const start = performance.now();
      try {
        return await work();
      } finally {
        steps.push({ step, ms: Math.round(performance.now() - start) });
      }
    },
  };
}
