/**
 * Spares double work between processes that do not see each other's flights. Correctness must not depend on a lease: two
 * processes may hold it at once, when one of them was paused for long enough.
 */
export interface Lease {
  /**
   * What `find` finds, as soon as it finds something; else what `work` makes, which is done under the lease where one can
   * be had. Throws what these throw, and what another process was told by its `work` that does not exist.
   */
  run<T>(key: LeaseKey, find: () => Promise<T | undefined>, work: () => Promise<T>): Promise<T>;
}

export interface LeaseKey {
  /** What `work` makes. */
  name: string;
  /** What it belongs to: one process at a time works at a group, at as much of it as it is asked for. */
  group: string;
}

/** For a process that has its store for itself. */
export const NO_LEASE: Lease = { run: (_key, _find, work) => work() };
