/**
 * Milliseconds since 1970 by a clock that is never set: what is kept with such a time does not grow younger or older when
 * a person, or NTP, sets the clock of the machine. It agrees with the clock as that was when the process started.
 */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}
