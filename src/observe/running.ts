/** What a process is doing now, for `/-/status` and its page. */
import type { Began, ProcessObserver } from './events.js';

/** The most activities that are remembered: more than may run at once. */
const MAX_RUNNING = 10_000;

export interface Running extends ProcessObserver {
  /** What has begun and not ended, oldest first. */
  report(): Began[];
}

export function createRunning(): Running {
  const running = new Map<number, Began>();
  return {
    began(event) {
      if (running.size < MAX_RUNNING) running.set(event.id, event);
    },
    ended({ id }) {
      running.delete(id);
    },
    report: () => [...running.values()],
  };
}
