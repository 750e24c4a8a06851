/**
 * Responses for what is stored: read once for all requests of the same moment, and kept in memory if they are small or
 * asked for more than once.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { storageError } from '../store/storage-error.js';
import type { OpenPart, Part, VersionStore } from '../store/version-store.js';
import { cacheControlFor, cacheKey, type Admission } from './gate.js';
import { isPlainUrl } from './request.js';
import type { CachedResponse, ResponseCache } from './response-cache.js';
import { IMMUTABLE, openPartOf, prepareStored, withBody } from './http/responses.js';

/** Bodies up to this size are read at once, in bytes; larger ones are kept when they are asked for again. */
export const SMALL = 256 * 1024;
/** Bytes of larger bodies that are being read into memory at one time. */
const MAX_LOADING = 16 * 1024 * 1024;
/** Keys of larger bodies that were asked for once. */
const MAX_ASKED = 4096;

/** A part that is being looked up. */
interface Flight {
  found: Promise<CachedResponse | undefined>;
  /** Whether another request waits for it besides the one that began it. */
  isShared: boolean;
}

/** One response to be found. */
interface ResponseQuery {
  readonly key: string;
  readonly url: string;
  readonly part: Part;
  readonly admission: Admission;
  /** `moment()` of the cache. */
  readonly since: number;
}

export class StoredResponses {
  private readonly flights = new Map<string, Flight>();
  private readonly asked = new LRUCache<string, true>(atMost(MAX_ASKED));
  private loading = 0;

  private readonly cache: ResponseCache;
  private readonly store: VersionStore;

  constructor(cache: ResponseCache, store: VersionStore) {
    this.cache = cache;
    this.store = store;
  }

  /**
   * The response for a part that `url` asks for, undefined if it is not stored. Its body may be a file, which is closed
   * by the sender. Throws STORAGE for what cannot be read.
   */
  async find(url: string, part: Part, admission: Admission): Promise<CachedResponse | undefined> {
    const wanted = { key: cacheKey(url, admission), url, part, admission, since: this.cache.moment() };
    const flight = this.flights.get(wanted.key);
    if (flight === undefined) return this.begin(wanted);
    flight.isShared = true;
    const found = await flight.found;
    // A file is for one request. And what was not there when the flight began may have been stored since.
    return found === undefined || openPartOf(found.response) !== undefined ? this.open(wanted) : found;
  }

  private begin(wanted: ResponseQuery): Promise<CachedResponse | undefined> {
    const flight: Flight = { found: Promise.resolve(undefined), isShared: false };
    this.flights.set(wanted.key, flight);
    flight.found = this.look(wanted, flight).finally(() => this.flights.delete(wanted.key));
    return flight.found;
  }

  private async look(wanted: ResponseQuery, flight: Flight): Promise<CachedResponse | undefined> {
    const found = await this.open(wanted);
    const file = found && openPartOf(found.response);
    if (found === undefined) return undefined;
    if (file === undefined) return this.keep(wanted, found);
    if (file.size > SMALL && !this.isWorthLoading(wanted.key, file.size, flight.isShared)) return found;
    try {
      return this.keep(wanted, { ...found, response: withBody(found.response, await this.load(file)) });
    } finally {
      file.close();
    }
  }

  private async open({ part, admission }: ResponseQuery): Promise<CachedResponse | undefined> {
    const response = await prepareStored(this.store, part, cacheControlFor(IMMUTABLE, admission));
    const { module, version } = part;
    return response === undefined ? undefined : { response, outcome: { module, version, cache: 'hit' } };
  }

  private keep({ key, url, since }: ResponseQuery, found: CachedResponse): CachedResponse {
    if (isPlainUrl(url)) this.cache.keep(key, found, { since });
    return found;
  }

  /** Not for the first request: what is asked for once in a while would push out what is asked for always. */
  private isWorthLoading(key: string, size: number, isShared: boolean): boolean {
    if (size > this.cache.largest() || this.loading + size > MAX_LOADING) return false;
    if (isShared || this.asked.has(key)) return true;
    this.asked.set(key, true);
    return false;
  }

  private async load(file: OpenPart): Promise<Buffer> {
    this.loading += file.size;
    try {
      return await readWhole(file);
    } finally {
      this.loading -= file.size;
    }
  }
}

async function readWhole(file: OpenPart): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(file.size);
  let filled = 0;
  while (filled < bytes.length) {
    const length = await new Promise<number>((resolve, reject) => {
      file.read(bytes.subarray(filled), bytes.length - filled, filled, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
    if (length === 0) throw storageError(new Error('the file is shorter than it was'));
    filled += length;
  }
  return bytes;
}
