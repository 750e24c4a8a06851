/** How long Node's timers wait at most. */

/** They take 31 bits: a longer wait would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A time for a timer: `ms`, which may be a multiple of a time that was configured, or the longest that one waits. */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_MS);
}
