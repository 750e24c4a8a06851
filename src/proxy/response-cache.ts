/**
 * Whole answers in memory, by the raw URL they answer, bounded in bytes.
 *
 * What never changes stays until it is pushed out. What may change (lists, branches, `@latest`) stays until it is older
 * than `refresh`, and all of it goes when anything happens that may change it: so many answers of so little work are
 * not worth knowing which of them depends on what.
 */
import { LRUCache } from 'lru-cache';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import type { PreparedResponse } from './responses.js';

/** What the log says about the request besides method, status and time. */
export interface Outcome {
  module?: string;
  version?: string;
  /** `hit`: git was left alone. */
  cache?: 'hit' | 'fetch';
}

export interface CachedResponse {
  readonly response: PreparedResponse;
  readonly outcome: Outcome;
  /** The part of its log line that is always the same, once it was made. */
  logged?: string;
}

/** Of an answer that may change. */
export interface Freshness {
  /** When it was known to be so, in milliseconds since 1970. */
  asOf: number;
  /** `now()` of the memory when its making began. */
  since: number;
}

export interface ResponseCache {
  /** An answer that holds now. With `unchanging`, only one that always will. */
  get(url: string, unchanging?: boolean): CachedResponse | undefined;
  /** Keeps an answer, whose body is in memory, if it is not too large; without `freshness` for good. */
  keep(url: string, remembered: CachedResponse, freshness?: Freshness): void;
  /** The moment of a request that may lead to `keep`. Moments are counted, not timed. */
  moment(): number;
  /**
   * Forgets what may change, and what is being made now. Given a time, nothing from before it is kept from now on.
   */
  forgetChanging(before?: number): void;
  /** Forgets everything: something that never changes was purged. */
  forgetAll(): void;
  /** The largest body that is kept, in bytes. */
  largest(): number;
  /** Bytes in use, by estimate. */
  bytes(): number;
}

export interface ResponseCacheOptions {
  /** `cache.memory`, in bytes; 0 keeps nothing. */
  maxBytes: () => number;
  /** How old an answer may be that may change, in milliseconds (`refresh`). */
  refreshMs: () => number;
}

/** Bodies beyond this size leave no room for others, whatever the limit. */
const LARGEST = 8 * 1024 * 1024;
/** An answer takes at most this part of the memory. */
const SHARE = 1 / 4;
/** What an entry costs besides its texts: objects, arrays, the list it hangs in. */
const OVERHEAD = 1024;

interface Entry extends CachedResponse {
  readonly asOf: number;
  /** Infinity for what never changes. */
  readonly until: number;
  readonly since: number;
}

export function createResponseCache({ maxBytes, refreshMs }: ResponseCacheOptions): ResponseCache {
  let limit = 0;
  let entries: LRUCache<string, Entry> | undefined;
  let now = 0;
  let notBefore = 0;

  /** The entries under the limit of now; undefined if there is to be none. */
  function bounded(): LRUCache<string, Entry> | undefined {
    if (limit === maxBytes()) return entries;
    limit = maxBytes();
    entries = limit === 0 ? undefined : new LRUCache({ maxSize: limit, maxEntrySize: limit });
    return entries;
  }

  function isFresh({ asOf, until, since }: Entry): boolean {
    const time = monotonicNow();
    // What another process dates ahead of this one, because clocks were set in between, is not kept alive by that.
    return since === now && time < until && time >= asOf;
  }

  const largest = (): number => Math.min(LARGEST, Math.floor(maxBytes() * SHARE));

  return {
    get(url, unchanging = false) {
      const held = bounded();
      const entry = held?.get(url);
      if (entry === undefined || entry.until === Infinity) return entry;
      if (unchanging) return undefined;
      if (isFresh(entry)) return entry;
      held?.delete(url);
      return undefined;
    },

    keep(url, remembered, freshness) {
      const { response: answer } = remembered;
      const held = bounded();
      if (held === undefined || answer.size > largest()) return;
      const { asOf, since } = freshness ?? { asOf: 0, since: now };
      const until = freshness === undefined ? Infinity : asOf + refreshMs();
      if (since !== now || (freshness !== undefined && (asOf < notBefore || monotonicNow() >= until))) return;
      const size = answer.size + 2 * url.length + OVERHEAD;
      held.set(url, { ...remembered, asOf, until, since }, { size });
    },

    moment: () => now,

    forgetChanging(before = 0) {
      now += 1;
      notBefore = Math.max(notBefore, before);
    },

    forgetAll() {
      entries?.clear();
      now += 1;
    },

    largest,
    bytes: () => bounded()?.calculatedSize ?? 0,
  };
}
