/**
 * One flight per key: a caller that wants something that is being made waits for it in place of making it again.
 *
 * The work does not belong to the caller that started it: it goes on when that caller goes away, because others may wait
 * and the next caller will want it. Its own deadlines end it.
 */
export interface Singleflight {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** How a caller waits for a flight that another one began: `wait` is called with the flight, and returns it. */
export type Joining = <T>(key: string, flight: () => Promise<T>) => Promise<T>;

/** Results are not remembered: a flight ends with its answer. One instance serves one kind of result. */
export function createSingleflight(join: Joining = (_key, flight) => flight()): Singleflight {
  const flights = new Map<string, Promise<unknown>>();
  return {
    run<T>(key: string, work: () => Promise<T>): Promise<T> {
      const running = flights.get(key);
      if (running !== undefined) return join(key, () => running as Promise<T>);
      const flight = work().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
  };
}
