import { describe, expect, it } from 'vitest';
import { createDiskBlobStore } from '../../../src/store/disk/disk-blob-store.js';
import { createSumdbMirror } from '../../../src/sumdb/client/mirror.js';

describe('createSumdbMirror', () => {
  const mirror = createSumdbMirror({
    blobs: createDiskBlobStore('/nonexistent'),
    source: { read: () => Promise.reject(new Error('nothing is asked')) },
    isOnline: () => true,
    isPrivate: () => false,
    refreshMs: () => 0,
    log: { warn: () => undefined },
  });

  it('passes on the databases whose keys the go command knows, and no other', async () => {
    await expect(mirror.get('sum.golang.org', 'supported')).resolves.toMatchObject({ immutable: false });
    for (const name of ['sum.other.test', 'SUM.golang.org', '..']) {
      await expect(mirror.get(name, 'latest')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
  });
});
