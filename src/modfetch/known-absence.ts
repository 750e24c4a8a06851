/**
 * Whether a version is still as absent from the store as a caller has just found it. The store need not be asked again
 * then: for one in a bucket each look takes a round trip.
 */
import { LRUCache } from 'lru-cache';
import type { ModuleVersion } from '../store/version-store.js';
import type { FetchOptions } from './repo.js';

/** Versions that are fetched within the moment that a caller's look may be old. */
const MAX_ENDED = 1_000;

export class KnownAbsence {
  /** When something of a version was fetched last, in `performance.now()`. */
  private readonly ended = new LRUCache<string, number>({ max: MAX_ENDED });

  /** Something of a version was fetched in this process, and may be stored now. */
  fetched({ module, version }: ModuleVersion): void {
    this.ended.set(`${module}@${version}`, performance.now());
  }

  /** Whether the caller has found nothing, and nothing was fetched since. */
  holds({ module, version }: ModuleVersion, { onlyCached, absentSince }: FetchOptions): boolean {
    if (absentSince === undefined || onlyCached) return false;
    return absentSince > (this.ended.get(`${module}@${version}`) ?? -Infinity);
  }
}
