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
  /** Whether a part of it is older than it may be, because the origin of that part cannot be asked. Not kept. */
  isStale?: boolean;
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
export function createStaleCache(options: StaleCacheOptions): StaleCache {
  return new BlobStaleCache(options);
}

class BlobStaleCache implements StaleCache {
  private readonly blobs: BlobStore;
  private readonly log: StaleCacheOptions['log'];
  private readonly memory = new LRUCache<string, DatedAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }, path) => bytes.length + path.length + 1,
  });

  constructor({ blobs, log }: StaleCacheOptions) {
    this.blobs = blobs;
    this.log = log;
  }

  async get(path: string): Promise<DatedAnswer | undefined> {
    const known = this.memory.get(path);
    if (known !== undefined || !isKept(path)) return known;
    const blob = await this.attempt(path, this.blobs.get(path));
    if (blob === undefined) return undefined;
    const bytes = decodeAnswer(path, blob.bytes);
    if (bytes === undefined) {
      this.log.warn({ path }, 'the last answer for a path is damaged: it counts as unknown');
      return undefined;
    }
    const answer = { bytes, asOf: blob.asOf };
    this.memory.set(path, answer);
    return answer;
  }

  async set(path: string, answer: DatedAnswer): Promise<void> {
    const before = this.memory.get(path);
    if (before?.asOf === answer.asOf && before.bytes.equals(answer.bytes)) return;
    this.memory.set(path, answer);
    if (!isKept(path)) return;
    const kept = encodeAnswer(path, answer.bytes);
    await this.attempt(path, this.blobs.replace(path, kept, { asOf: answer.asOf }));
  }

  async forget(path: string): Promise<void> {
    this.memory.delete(path);
    if (isKept(path)) await this.attempt(path, this.blobs.remove(path));
  }

  /** What a blob store cannot do is only a line in the log: the origin is asked instead. */
  private async attempt<T>(path: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.log.warn(
        { path, error: errorMessage(error) },
        'the last answer for a path cannot be read or kept',
      );
      return undefined;
    }
  }
}

/**
 * Whether the answer for `path` is written down: those for lists, `@latest` and branches, whose number the origin bounds. Clients
 * can abbreviate a commit hash, and add build metadata to a version, in endless ways.
 */
function isKept(path: string): boolean {
  return !/\/@v\/(?:[0-9a-f]{7,64}|v\d[^/]*\+[^/]*)\.info$/.test(path);
}
