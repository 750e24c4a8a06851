/**
 * Answers for what is stored: read once for all who ask at the same time, and kept in memory if they are small or asked
 * for more than once.
 */
import { LRUCache } from 'lru-cache';
import type { ResponseCache, CachedResponse } from './response-cache.js';
import { openPartOf, prepareStored, withBody } from './responses.js';
import { isPlainUrl } from './request.js';
import type { OpenPart, Part, VersionStore } from '../store/version-store.js';

export interface StoredResponses {
  /**
   * The answer for a part that `url` asks for, undefined if it is not stored. Its body may be a file, which is closed by
   * whoever sends it. Throws STORAGE for what cannot be read.
   */
  find(url: string, part: Part): Promise<CachedResponse | undefined>;
}

export interface StoredResponsesOptions {
  memory: ResponseCache;
  store: VersionStore;
}

/** Bodies up to this size are read at once, in bytes; larger ones are kept when they are asked for again. */
export const SMALL = 256 * 1024;
/** Bytes of larger bodies that are being read into memory at one time. */
const MAX_LOADING = 16 * 1024 * 1024;
/** URLs of larger bodies of which is known that somebody asked. */
const MAX_ASKED = 4096;

interface Flight {
  found: Promise<CachedResponse | undefined>;
  /** Whether somebody waits for it besides the one who began it. */
  isShared: boolean;
}

export function createStoredResponses({ memory, store }: StoredResponsesOptions): StoredResponses {
  const flights = new Map<string, Flight>();
  const asked = new LRUCache<string, true>({ max: MAX_ASKED });
  let loading = 0;

  function begin(url: string, part: Part): Promise<CachedResponse | undefined> {
    const flight: Flight = { found: Promise.resolve(undefined), isShared: false };
    flights.set(url, flight);
    flight.found = look(url, part, () => flight.isShared).finally(() => flights.delete(url));
    return flight.found;
  }

  async function look(url: string, part: Part, isShared: () => boolean): Promise<CachedResponse | undefined> {
    const found = await open(part);
    const file = found && openPartOf(found.response);
    if (found === undefined) return undefined;
    if (file === undefined) return keep(url, found);
    if (file.size > SMALL && !isWorthLoading(url, file.size, isShared())) return found;
    try {
      return keep(url, { ...found, response: withBody(found.response, await load(file)) });
    } finally {
      file.close();
    }
  }

  async function open(part: Part): Promise<CachedResponse | undefined> {
    const answer = await prepareStored(store, part);
    const { module, version } = part;
    return answer === undefined
      ? undefined
      : { response: answer, outcome: { module, version, cache: 'hit' } };
  }

  function keep(url: string, found: CachedResponse): CachedResponse {
    if (isPlainUrl(url)) memory.keep(url, found);
    return found;
  }

  /** Not for one who asks for the first time: what is asked for once in a while would push out what is asked for always. */
  function isWorthLoading(url: string, size: number, isShared: boolean): boolean {
    if (size > memory.largest() || loading + size > MAX_LOADING) return false;
    if (isShared || asked.has(url)) return true;
    asked.set(url, true);
    return false;
  }

  async function load(file: OpenPart): Promise<Buffer> {
    loading += file.size;
    try {
      return await readWhole(file);
    } finally {
      loading -= file.size;
    }
  }

  return {
    async find(url, part) {
      const flight = flights.get(url);
      if (flight === undefined) return begin(url, part);
      flight.isShared = true;
      const found = await flight.found;
      // A file is for one. And what was not there when the flight began may have been stored since.
      return found === undefined || openPartOf(found.response) !== undefined ? open(part) : found;
    },
  };
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
    if (length === 0) throw new Error('the file is shorter than it was');
    filled += length;
  }
  return bytes;
}
