import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/store/blob-store.js';
import { withChecksumFolder } from '../../src/transfer/checksum-blobs.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { tempDir } from '../support/tmp.js';

const LATEST = 'sum.test/latest';
let blobs: BlobStore;
let dir: string;
beforeEach(async () => {
  dir = await tempDir('checksums');
  blobs = createMemoryBlobStore();
  await blobs.putIfAbsent(LATEST, Buffer.from('tree 1'));
  await blobs.putIfAbsent('sum.test/tile/8/0/000', Buffer.from('hashes'));
});
const textOf = async (name: string) => (await blobs.get(name))?.bytes.toString();

describe('withChecksumFolder', () => {
  it('has all of it in a folder, of which nothing is left', async () => {
    const read = await withChecksumFolder(blobs, dir, ({ root }) =>
      Promise.all(
        [LATEST, 'sum.test/tile/8/0/000'].map((name) => readFile(path.join(root, 'sumdb', name), 'utf8')),
      ),
    );
    expect(read).toEqual(['tree 1', 'hashes']);
    expect(await readdir(dir)).toEqual([]);
  });

  it('keeps in the store what is written, new or in place of what was read', async () => {
    await withChecksumFolder(blobs, dir, async ({ keep }) => {
      await keep?.(LATEST, Buffer.from('tree 2'));
      await keep?.('sum.test/lookup/a@v1.0.0', Buffer.from('record'));
    });
    expect([await textOf(LATEST), await textOf('sum.test/lookup/a@v1.0.0')]).toEqual(['tree 2', 'record']);
  });

  it('replaces nothing that another process wrote meanwhile, unless it is the same', async () => {
    const work = withChecksumFolder(blobs, dir, async ({ keep }) => {
      await blobs.replace(LATEST, Buffer.from('tree 3'));
      await keep?.(LATEST, Buffer.from('tree 3'));
      await keep?.(LATEST, Buffer.from('tree 2'));
    });
    await expect(work).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'sumdb/sum.test/latest was changed by another process meanwhile',
    });
    expect(await textOf(LATEST)).toBe('tree 3');
    expect(await readdir(dir)).toEqual([]);
  });
});
