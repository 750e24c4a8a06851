/**
 * What the origin of modules last said about things that change: lists, `@latest`, branches.
 *
 * Kept in memory, bounded in bytes, and in a blob store, so that the last known answer outlives a restart. It is not
 * computed from the store of versions instead: that has the versions that were asked for, and a list of these would take
 * `go` back to an old version in silence. Nor do the blobs lie in the tree of that store, whose readers take a
 * version in a list for one that is there.
 */
import { LRUCache } from 'lru-cache';
import { errorMessage } from '../errors.js';
import type { BlobStore } from '../store/blob-store.js';
import { decodeAnswer, encodeAnswer } from './kept-answer.js';

export interface DatedAnswer {
  bytes: Buffer;
  /** When the origin said so, in milliseconds since 1970. */
  asOf: number;
}

export interface StaleCache {
  /** Undefined if nothing is known, or nothing that can be read. */
  get(path: string): Promise<DatedAnswer | undefined>;
  /** A full disk costs what is known after a restart, and a line in the log. */
  set(path: string, answer: DatedAnswer): Promise<void>;
  /** For what the origin says is gone. */
  forget(path: string): Promise<void>;
}

export interface StaleCacheOptions {
  blobs: BlobStore;
  log: { warn(details: object, message: string): void };
}

/** Bytes of answers and paths in memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Paths as in the GOPROXY protocol, escaped, without a slash before them; they name the blobs. */
export function createStaleCache({ blobs, log }: StaleCacheOptions): StaleCache {
  const memory = new LRUCache<string, DatedAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }, path) => bytes.length + path.length + 1,
  });

  /** What a blob store cannot do is only a line in the log: the origin is asked instead. */
  async function attempt<T>(path: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      log.warn({ path, error: errorMessage(error) }, 'the last answer for a path cannot be read or kept');
      return undefined;
    }
  }

  return {
    async get(path) {
      const known = memory.get(path);
      if (known !== undefined || !isKept(path)) return known;
      const blob = await attempt(path, blobs.get(path));
      if (blob === undefined) return undefined;
      const bytes = decodeAnswer(path, blob.bytes);
      if (bytes === undefined) {
        log.warn({ path }, 'the last answer for a path is damaged: it counts as unknown');
        return undefined;
      }
      const answer = { bytes, asOf: blob.asOf };
      memory.set(path, answer);
      return answer;
    },

    async set(path, answer) {
      const before = memory.get(path);
      if (before?.asOf === answer.asOf && before.bytes.equals(answer.bytes)) return;
      memory.set(path, answer);
      if (isKept(path)) {
        await attempt(path, blobs.replace(path, encodeAnswer(path, answer.bytes), { asOf: answer.asOf }));
      }
    },

    async forget(path) {
      memory.delete(path);
      if (isKept(path)) await attempt(path, blobs.remove(path));
    },
  };
}

/**
 * Lists, `@latest` and branches: so many there are. Commit hashes can be abbreviated in endless ways, and versions have
 * endless ones with something behind a plus sign.
 */
function isKept(path: string): boolean {
  return !/\/@v\/(?:[0-9a-f]{7,64}|v\d[^/]*\+[^/]*)\.info$/.test(path);
}
