/**
 * What an upstream last said about things that change: lists, `@latest`, branches.
 *
 * Kept in memory, bounded in bytes, and in files of their own, so that the last known answer outlives a restart. It is
 * not computed from the store instead: the store has the versions that somebody wanted, and a list of these would take
 * `go` back to an old version without a word. Nor do the files lie in the tree of the store, whose readers take a
 * version in a list for one that is there.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { errorMessage } from '../errors.js';
import { readTimestamped, writeTimestamped, type Timestamped } from './timestamped-file.js';

export interface StaleCache {
  get(path: string): Promise<Timestamped | undefined>;
  /** A full disk costs the memory of it after a restart, and a line in the log. */
  set(path: string, answer: Timestamped): Promise<void>;
  /** Of what is gone, nothing is known. */
  forget(path: string): Promise<void>;
}

export interface StaleCacheOptions {
  /** Made when something is kept. */
  dir: string;
  log: { warn(details: object, message: string): void };
}

/** Bytes of answers and paths in memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Paths as in the GOPROXY protocol, escaped; they become file names. */
export function createStaleCache({ dir, log }: StaleCacheOptions): StaleCache {
  const memory = new LRUCache<string, Timestamped>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }, path) => bytes.length + path.length + 1,
  });
  const fileOf = (path: string) => join(dir, path);

  return {
    async get(path) {
      const known = memory.get(path);
      if (known !== undefined || !isKept(path)) return known;
      const read = await readTimestamped(fileOf(path));
      if (read !== undefined) memory.set(path, read);
      return read;
    },

    async set(path, answer) {
      memory.set(path, answer);
      if (!isKept(path)) return;
      try {
        await writeTimestamped(fileOf(path), answer);
      } catch (error) {
        log.warn({ path, error: errorMessage(error) }, 'an answer of the upstream cannot be kept on disk');
      }
    },

    async forget(path) {
      memory.delete(path);
      if (isKept(path)) await rm(fileOf(path), { force: true });
    },
  };
}

/** Lists, `@latest` and branches: so many there are. Commit hashes can be abbreviated in endless ways. */
function isKept(path: string): boolean {
  return !/\/@v\/[0-9a-f]{7,64}\.info$/.test(path);
}
