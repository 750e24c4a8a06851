/** Blobs in memory, for tests and for commands that must leave nothing behind. */
import { checkBlobName, type BlobStore, type StoredBlob } from '../../../src/store/blob-store.js';

export function createMemoryBlobStore(): BlobStore {
  const blobs = new Map<string, StoredBlob>();
  let writes = 0;

  function set(name: string, bytes: Buffer, asOf = Date.now()): boolean {
    checkBlobName(name);
    blobs.set(name, { bytes, asOf, tag: String((writes += 1)) });
    return true;
  }

  return {
    get: (name) => Promise.resolve(blobs.get(name)),
    putIfAbsent: async (name, bytes, { asOf } = {}) =>
      Promise.resolve(!blobs.has(name) && set(name, bytes, asOf)),
    replace: async (name, bytes, { asOf, expected } = {}) => {
      const isExpected = expected === undefined || blobs.get(name)?.tag === expected;
      return Promise.resolve(isExpected && set(name, bytes, asOf));
    },
    remove(name) {
      blobs.delete(name);
      return Promise.resolve();
    },
    async *names() {
      await Promise.resolve();
      yield* blobs.keys();
    },
  };
}
