/**
 * Whole responses in memory, bounded in bytes. The key is the raw URL they answer, for those that needed a right with
 * their audience (`cacheKey` in gate.ts).
 *
 * What never changes stays until it is pushed out. What may change (lists, branches, `@latest`) stays until it is older
 * than `refresh`, and all of it goes when anything happens that may change it: so many responses of so little work are
 * not worth knowing which of them depends on what.
 */
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { LRUCache } from 'lru-cache';
import type { SourceName } from '../observe/events.js';
import type { PreparedResponse } from './http/responses.js';

/** Where the content of a reply came from: this process, the store, or a source of modules. */
export type ReplySource = 'memory' | 'store' | SourceName;

/** What the log says about a request besides method, status and time. */
export interface Outcome {
  module?: string;
  version?: string;
  /** `hit`: git was left alone. */
  cache?: 'hit' | 'fetch';
  /** Not for the log. */
  source?: ReplySource | undefined;
}

export interface CachedResponse {
  readonly response: PreparedResponse;
  readonly outcome: Outcome;
  /** Of what may change: when it was known to be so, in milliseconds since 1970. */
  readonly asOf?: number | undefined;
  /** The part of its log line that is always the same, once it was made. */
  logged?: string;
}

/** From when a response is. */
export interface Freshness {
  /** Of one that may change: when it was known to be so, in milliseconds since 1970. Absent: it never changes. */
  asOf?: number;
  /** `moment()` of the cache when its making began. */
  since: number;
}

export interface ResponseCacheOptions {
  /** `cache.memory`, in bytes; 0 keeps nothing. */
  maxBytes: () => number;
  /** How old a response may be that may change, in milliseconds (`refresh`). */
  refreshMs: () => number;
}

/** Bodies beyond this size leave no room for others, whatever the limit. */
const LARGEST = 8 * 1024 * 1024;
/** A response takes at most this part of the cache. */
const SHARE = 1 / 4;
/** What an entry costs besides its texts: objects, arrays, the list it hangs in. */
const OVERHEAD = 1024;

interface CacheEntry extends CachedResponse {
  /** Milliseconds since 1970; Infinity for what never changes. */
  readonly until: number;
  readonly since: number;
}

export class ResponseCache {
  private limit = 0;
  private entries: LRUCache<string, CacheEntry> | undefined;
  private now = 0;
  private notBefore = 0;

  private readonly options: ResponseCacheOptions;

  constructor(options: ResponseCacheOptions) {
    this.options = options;
  }

  /** A response that holds now. With `unchanging`, only one that always will. */
  get(key: string, unchanging = false): CachedResponse | undefined {
    const held = this.bounded();
    const entry = held?.get(key);
    if (entry === undefined || entry.until === Infinity) return entry;
    if (unchanging) return undefined;
    if (this.isFresh(entry)) return entry;
    held?.delete(key);
    return undefined;
  }

  /**
   * Keeps a response, whose body is in memory, if it is not too large; without `asOf` for good. Nothing is kept of which the
   * making began before something was forgotten: what never changes may have been purged meanwhile.
   */
  keep(key: string, cached: CachedResponse, freshness?: Freshness): void {
    const { response } = cached;
    const held = this.bounded();
    if (held === undefined || response.size > this.largest()) return;
    const { asOf, since = this.now } = freshness ?? {};
    const until = asOf === undefined ? Infinity : asOf + this.options.refreshMs();
    if (since !== this.now || (asOf !== undefined && (asOf < this.notBefore || monotonicNow() >= until))) {
      return;
    }
    const size = response.size + 2 * key.length + OVERHEAD;
    held.set(key, { ...cached, asOf, until, since }, { size });
  }

  /** The moment of a request that may lead to `keep`. Moments are counted, not timed. */
  moment(): number {
    return this.now;
  }

  /**
   * Forgets what may change, and what is being made now. Given a time (milliseconds since 1970), nothing from before it
   * is kept from now on.
   */
  forgetChanging(before = 0): void {
    this.now += 1;
    this.notBefore = Math.max(this.notBefore, before);
  }

  /** Forgets everything: something that never changes was purged. */
  forgetAll(): void {
    this.entries?.clear();
    this.now += 1;
  }

  /** The largest body that is kept, in bytes. */
  largest(): number {
    return Math.min(LARGEST, Math.floor(this.options.maxBytes() * SHARE));
  }

  /** Bytes in use, by estimate. */
  bytes(): number {
    return this.bounded()?.calculatedSize ?? 0;
  }

  /** The entries under the limit of now; undefined if there is to be none. */
  private bounded(): LRUCache<string, CacheEntry> | undefined {
    const maxBytes = this.options.maxBytes();
    if (this.limit === maxBytes) return this.entries;
    this.limit = maxBytes;
    this.entries = maxBytes === 0 ? undefined : new LRUCache({ maxSize: maxBytes, maxEntrySize: maxBytes });
    return this.entries;
  }

  private isFresh({ asOf = 0, until, since }: CacheEntry): boolean {
    const time = monotonicNow();
    // A clock that was set back must not keep a response alive.
    return since === this.now && time < until && time >= asOf;
  }
}
